/*
 * The C library functions that a freestanding program lacks. Copies go 16
 * bytes a step where both ends allow, for images are large; never by an
 * unaligned access, for the MMU may be off.
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
copy_up(char *d, const char *s, size_t n)
{
	word_t a, b;

	for (; n > 0 && !ALIGNED(d, 8); n--)
		*d++ = *s++;
	if (ALIGNED(s, 8)) {
		for (; n >= 16; n -= 16, d += 16, s += 16) {
			a = ((const word_t *)s)[0];
			b = ((const word_t *)s)[1];
			((word_t *)d)[0] = a;
			((word_t *)d)[1] = b;
		}
	} else if (ALIGNED(s, 4)) {
		/* A device tree aligns what it holds to 4 bytes only. */
		for (; n >= 16; n -= 16, d += 16, s += 16) {
			const half_t *h = (const half_t *)s;

			a = h[0] | (word_t)h[1] << 32;
			b = h[2] | (word_t)h[3] << 32;
			((word_t *)d)[0] = a;
			((word_t *)d)[1] = b;
		}
	}
	while (n-- > 0)
		*d++ = *s++;
}

void *
memcpy(void *restrict dst, const void *restrict src, size_t n)
{

	copy_up(dst, src, n);
	return (dst);
}

void *
memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if (d <= s || d >= s + n)
		copy_up(d, s, n);
	else
		while (n-- > 0)
			d[n] = s[n];
	return (dst);
}

void *
memset(void *dst, int c, size_t n)
{
	char *d = dst;
	word_t word = (unsigned char)c * 0x0101010101010101ull;

	if (ALIGNED(d, 8)) {
		for (; n >= 16; n -= 16, d += 16) {
			((word_t *)d)[0] = word;
			((word_t *)d)[1] = word;
		}
	}
	while (n-- > 0)
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

size_t
strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0')
		n++;
	return (n);
}

int
strcmp(const char *a, const char *b)
{

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return ((unsigned char)*a - (unsigned char)*b);
}

int
strncmp(const char *a, const char *b, size_t n)
{

	for (; n > 0; n--, a++, b++)
		if (*a != *b || *a == '\0')
			return ((unsigned char)*a - (unsigned char)*b);
	return (0);
}

char *
strchr(const char *s, int c)
{

	for (; *s != (char)c; s++)
		if (*s == '\0')
			return (NULL);
	return ((char *)(uintptr_t)s);
}

char *
strstr(const char *s, const char *part)
{
	size_t n = strlen(part);

	for (; *s != '\0'; s++)
		if (strncmp(s, part, n) == 0)
			return ((char *)(uintptr_t)s);
	return (n == 0 ? (char *)(uintptr_t)s : NULL);
}

char *
strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++ != '\0');
	return ((char *)(uintptr_t)last);
}

unsigned long
strtoul(const char *restrict s, char **restrict end, int base)
{
	unsigned long n = 0;
	unsigned int digit;

	if ((base == 0 || base == 16) && s[0] == '0' &&
	    (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		base = 16;
	}
	if (base == 0)
		base = *s == '0' ? 8 : 10;
	for (;; s++) {
		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z')
			digit = (*s | 0x20) - 'a' + 10;
		else
			break;
		if (digit >= (unsigned int)base)
			break;
		n = n * base + digit;
	}
	if (end != NULL)
		*end = (char *)(uintptr_t)s;
	return (n);
}
