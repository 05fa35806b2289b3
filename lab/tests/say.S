/*
 * A stand-in for hypervisor and guests in tests of the lab: an arm64 Image
 * that prints the file it is built with (TEXT) on the PL011 of QEMU's virt
 * machine, then powers the machine off by PSCI; or hangs, if built with
 * HANG. Must not grow: what it prints is the test's business.
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
	mov	x1, #0x09000000
	adr	x2, text
	adr	x3, end
2:
	cmp	x2, x3
	b.hs	3f
	ldrb	w4, [x2], #1
	str	w4, [x1]		/* UARTDR (DDI 0183, 3.3.1) */
	b	2b
3:
#ifdef HANG
	wfi
	b	3b
#endif
	ldr	w0, =0x84000008		/* SYSTEM_OFF (DEN 0022, 5.1.9) */
	mrs	x5, CurrentEL
	cmp	x5, #0x8
	b.eq	4f
	hvc	#0
4:
	smc	#0
	b	4b
	.ltorg
	.balign	8
text:
	.incbin	TEXT
end:
