/*
 * Formatted output, character by character.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/print.h"

struct out {
	void	(*put)(void *, char);
	void	*ctx;
	int	n;
};

struct spec {
	bool		left, zero;
	unsigned int	width, longs;
	int		precision;	/* -1: none */
};

static void
emit(struct out *o, char c)
{

	o->put(o->ctx, c);
	o->n++;
}

static void
pad(struct out *o, char c, unsigned int n, unsigned int width)
{

	for (; n < width; n++)
		emit(o, c);
}

static void
put_string(struct out *o, const struct spec *sp, const char *s)
{
	unsigned int n = 0, i;

	if (s == NULL)
		s = "(null)";
	while ((sp->precision < 0 || n < (unsigned int)sp->precision) &&
	    s[n] != '\0')
		n++;
	if (!sp->left)
		pad(o, ' ', n, sp->width);
	for (i = 0; i < n; i++)
		emit(o, s[i]);
	if (sp->left)
		pad(o, ' ', n, sp->width);
}

static void
put_number(struct out *o, const struct spec *sp, uint64_t v, unsigned int base,
    bool negative)
{
	char digits[20];
	unsigned int n = 0, len;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	len = n + negative;
	if (!sp->left && !sp->zero)
		pad(o, ' ', len, sp->width);
	if (negative)
		emit(o, '-');
	if (!sp->left && sp->zero)
		pad(o, '0', len, sp->width);
	while (n > 0)
		emit(o, digits[--n]);
	if (sp->left)
		pad(o, ' ', len, sp->width);
}

static uint64_t
next_unsigned(va_list *ap, unsigned int longs)
{

	return (longs ? va_arg(*ap, unsigned long long) :
	    va_arg(*ap, unsigned int));
}

int
print_to(void (*put)(void *ctx, char c), void *ctx, const char *fmt,
    va_list args)
{
	struct out o = { put, ctx, 0 };
	struct spec sp;
	va_list ap;
	int64_t d;

	_Static_assert(sizeof(long) == sizeof(long long), "LP64");
	va_copy(ap, args);
	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%') {
			emit(&o, *fmt);
			continue;
		}
		sp = (struct spec){ .precision = -1 };
		for (fmt++; *fmt == '-' || *fmt == '0'; fmt++) {
			sp.left |= *fmt == '-';
			sp.zero |= *fmt == '0';
		}
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			sp.width = sp.width * 10 + *fmt - '0';
		if (*fmt == '.') {
			sp.precision = 0;
			if (*++fmt == '*') {
				sp.precision = va_arg(ap, int);
				fmt++;
			}
			for (; *fmt >= '0' && *fmt <= '9'; fmt++)
				sp.precision = sp.precision * 10 + *fmt - '0';
		}
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			sp.longs++;
		switch (*fmt) {
		case 'c':
			emit(&o, (char)va_arg(ap, int));
			break;
		case 's':
			put_string(&o, &sp, va_arg(ap, const char *));
			break;
		case 'd':
			d = sp.longs ? va_arg(ap, long long) :
			    va_arg(ap, int);
			put_number(&o, &sp, d < 0 ? -(uint64_t)d :
			    (uint64_t)d, 10, d < 0);
			break;
		case 'u':
			put_number(&o, &sp, next_unsigned(&ap, sp.longs), 10,
			    false);
			break;
		case 'p':
			emit(&o, '0');
			emit(&o, 'x');
			sp.longs = 1;
			/* FALLTHROUGH */
		case 'x':
			put_number(&o, &sp, next_unsigned(&ap, sp.longs), 16,
			    false);
			break;
		case '\0':
			fmt--;
			break;
		default:
			emit(&o, *fmt);
		}
	}
	va_end(ap);
	return (o.n);
}

struct buffer {
	char	*p;
	size_t	room;
};

static void
put_buffer(void *ctx, char c)
{
	struct buffer *b = ctx;

	if (b->room > 1) {
		*b->p++ = c;
		b->room--;
	}
}

int
print_buf(char *buf, size_t size, const char *fmt, ...)
{
	struct buffer b = { buf, size };
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print_to(put_buffer, &b, fmt, ap);
	va_end(ap);
	if (size > 0)
		*b.p = '\0';
	return (n);
}
