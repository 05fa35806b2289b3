/*
 * A guest with a secret: fills 16 MiB of its RAM with a word, then turns
 * itself off by PSCI; or stays, if built with STAY.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
	.text
	.global	_start
_start:
	b	1f			/* code0, code1: Linux boot protocol */
	.word	0
	.quad	0			/* text offset */
	.quad	end - _start		/* image size */
	.quad	2			/* flags: 4 KiB pages */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
1:
	/* Nowhere does the word itself stand in the image. */
	movz	x1, #0x0bad
	movk	x1, #0xc0de, lsl #16
	movk	x1, #0x5ec7, lsl #32
	movk	x1, #0xe75e, lsl #48
	mov	x2, #0x41000000
	mov	x3, #0x42000000
2:
	stp	x1, x1, [x2], #16
	cmp	x2, x3
	b.lo	2b
	dsb	sy
	mov	x1, #0
#ifdef STAY
	mov	w2, #'!'
	mov	x3, #0x09000000
	str	w2, [x3]		/* UARTDR (DDI 0183, 3.3.1) */
	mov	w2, #'\n'
	str	w2, [x3]
3:
	wfi
	b	3b
#endif
	ldr	w0, =0x84000008		/* SYSTEM_OFF (DEN 0022, 5.1.9) */
	hvc	#0
	b	.
	.ltorg
end:
