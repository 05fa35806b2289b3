/*
 * The pieces of the C library that the compiler and libfdt call. One byte
 * at a time where speed does not matter, eight where a page is cleared.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

void	*memmove(void *, const void *, size_t);
void	*memchr(const void *, int, size_t);
size_t	strnlen(const char *, size_t);
char	*strrchr(const char *, int);
char	*strchr(const char *, int);
unsigned long strtoul(const char *, char **, int);
void	__stack_chk_fail(void) __attribute__((noreturn));

/* Debian's libfdt is built with stack protection. */
uintptr_t __stack_chk_guard = 0x0a5f13c7d2e94b60;

void
__stack_chk_fail(void)
{

	print("stack overrun in libfdt\n");
	power_off();
}

void *
memcpy(void *dst, const void *src, size_t n)
{
	const unsigned char *s = src;
	unsigned char *d = dst;

	if ((((uintptr_t)d | (uintptr_t)s) & 7) == 0)
		for (; n >= 8; n -= 8, d += 8, s += 8)
			*(uint64_t *)d = *(const uint64_t *)s;
	while (n-- > 0)
		*d++ = *s++;
	return (dst);
}

void *
memmove(void *dst, const void *src, size_t n)
{
	const unsigned char *s = src;
	unsigned char *d = dst;

	if (d <= s || d >= s + n)
		return (memcpy(dst, src, n));
	while (n-- > 0)
		d[n] = s[n];
	return (dst);
}

void *
memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;

	if (((uintptr_t)d & 7) == 0)
		for (; n >= 8; n -= 8, d += 8)
			*(uint64_t *)d = (unsigned char)c *
			    0x0101010101010101ul;
	while (n-- > 0)
		*d++ = (unsigned char)c;
	return (dst);
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n > 0; n--, p++, q++)
		if (*p != *q)
			return (*p - *q);
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
strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0')
		n++;
	return (n);
}

size_t
strlen(const char *s)
{

	return (strnlen(s, SIZE_MAX));
}

int
strcmp(const char *a, const char *b)
{

	while (*a != '\0' && *a == *b)
		a++, b++;
	return ((unsigned char)*a - (unsigned char)*b);
}

char *
strchr(const char *s, int c)
{

	return (memchr(s, c, strlen(s) + 1));
}

char *
strrchr(const char *s, int c)
{
	size_t n = strlen(s) + 1;

	while (n-- > 0)
		if (s[n] == (char)c)
			return ((char *)(uintptr_t)&s[n]);
	return (NULL);
}

/* Base 0, 10 or 16; of the C library's only what boot arguments need. */
unsigned long
strtoul(const char *s, char **end, int base)
{
	unsigned long v = 0;

	if (s[0] == '0' && (s[1] | 0x20) == 'x' && base != 10) {
		base = 16;
		s += 2;
	} else if (base == 0)
		base = 10;
	for (;; s++) {
		int d = *s >= '0' && *s <= '9' ? *s - '0' :
		    (*s | 0x20) >= 'a' && (*s | 0x20) <= 'f' ?
		    (*s | 0x20) - 'a' + 10 : 99;

		if (d >= base)
			break;
		v = v * (unsigned long)base + (unsigned long)d;
	}
	if (end != NULL)
		*end = (char *)(uintptr_t)s;
	return (v);
}
