/*
 * The C library functions that a freestanding program lacks. Copies go 16
 * bytes a step where both ends allow, zeros 32, for images are large; never
 * by an unaligned access, for the MMU may be off.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdint.h>
#include "lib/string.h"

#define	ALIGNED(p, n)	(((uintptr_t)(p) & ((n) - 1)) == 0)

/* What is read as one may have been written as another. */
typedef uint64_t __attribute__((may_alias)) word_t;
typedef uint32_t __attribute__((may_alias)) half_t;

/*
 * From the front; not restrict, so that what lies behind dst may be read
 * after dst was written: memmove() down by less than a step.
 */
static __attribute__((noinline)) void
copy_up(char *d, const char *s, char *end)
{

	while (d < end && !ALIGNED(d, 8))
		*d++ = *s++;
	/* A device tree aligns what it holds to 4 bytes only. */
	if (ALIGNED(s, 4))
		for (; end - d >= 16; d += 16, s += 16) {
			const half_t *h = (const half_t *)s;
			word_t a = h[0] | (word_t)h[1] << 32;
			word_t b = h[2] | (word_t)h[3] << 32;

			((word_t *)d)[0] = a;
			((word_t *)d)[1] = b;
		}
	while (d < end)
		*d++ = *s++;
}

void *
memcpy(void *restrict dst, const void *restrict src, size_t n)
{

	copy_up(dst, src, (char *)dst + n);
	return (dst);
}

void *
memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		copy_up(d, s, d + n);
	else
		while (n-- > 0)
			d[n] = s[n];
	return (dst);
}

void *
memset(void *dst, int c, size_t n)
{
	char *d = dst, *end = d + n;
	word_t word = (unsigned char)c * 0x0101010101010101ull;

	if (ALIGNED(d, 8))
		for (; end - d >= 32; d += 32) {
			((word_t *)d)[0] = word;
			((word_t *)d)[1] = word;
			((word_t *)d)[2] = word;
			((word_t *)d)[3] = word;
		}
	while (d < end)
		*d++ = (char)c;
	return (dst);
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n > 0; n--, x++, y++)
		if (*x != *y)
			return (*x - *y);
	return (0);
}

void *
memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n > 0; n--, p++)
		if (*p == (unsigned char)c)
			return ((void *)(uintptr_t)p);
	return (NULL);
}

size_t
strlen(const char *s)
{
	const char *p = s;

	while (*p != '\0')
		p++;
	return (p - s);
}

int
strncmp(const char *a, const char *b, size_t n)
{

	for (; n > 0; n--, a++, b++)
		if (*a != *b || *a == '\0')
			return ((unsigned char)*a - (unsigned char)*b);
	return (0);
}

int
strcmp(const char *a, const char *b)
{

	return (strncmp(a, b, SIZE_MAX));
}
