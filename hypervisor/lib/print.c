/*
 * Formatted output, character by character.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/print.h"

struct out {
	void	(*put)(void *, char);
	void	*ctx;
	va_list	ap;
	int	n;
};

struct field {
	bool	left, zero, wide;
	int	width, max;		/* characters; max of a string */
};

static void
emit(struct out *o, char c)
{

	o->put(o->ctx, c);
	o->n++;
}

static void
put_field(struct out *o, const struct field *f, const char *s, int n)
{
	int pad = f->width - n;

	for (; !f->left && pad > 0; pad--)
		emit(o, f->zero ? '0' : ' ');
	for (; n > 0; n--)
		emit(o, *s++);
	for (; pad > 0; pad--)
		emit(o, ' ');
}

static void
put_number(struct out *o, struct field *f, uint64_t v, unsigned int base,
    bool negative)
{
	char text[21], *end = text + sizeof(text), *s = end;

	do {
		*--s = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	if (negative && f->zero) {
		emit(o, '-');
		f->width--;
	} else if (negative)
		*--s = '-';
	put_field(o, f, s, (int)(end - s));
}

static __attribute__((noinline)) uint64_t
next(struct out *o, bool wide)
{

	return (wide ? va_arg(o->ap, unsigned long) :
	    va_arg(o->ap, unsigned int));
}

/* The conversion that starts at fmt. Returns its last character. */
static const char *
convert(struct out *o, const char *fmt)
{
	struct field f = { .max = -1 };
	const char *s;
	int64_t v;
	int n = 0;

	_Static_assert(sizeof(long) == sizeof(long long) &&
	    sizeof(char *) == sizeof(long), "LP64");
	for (; *fmt == '-'; fmt++)
		f.left = true;
	f.zero = *fmt == '0';
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		f.width = f.width * 10 + *fmt - '0';
	if (fmt[0] == '.' && fmt[1] == '*') {
		f.max = (int)next(o, false);
		fmt += 2;
	}
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		f.wide = true;
	switch (*fmt) {
	case 's':
		f.zero = false;
		s = (const char *)next(o, true);
		if (s == NULL)
			s = "(null)";
		while (n != f.max && s[n] != '\0')
			n++;
		put_field(o, &f, s, n);
		break;
	case 'd':
		v = next(o, f.wide);
		if (!f.wide)
			v = (int)v;
		put_number(o, &f, v < 0 ? -(uint64_t)v :
		    (uint64_t)v, 10, v < 0);
		break;
	case 'u':
		put_number(o, &f, next(o, f.wide), 10, false);
		break;
	case 'p':
		f.wide = true;
		emit(o, '0');
		emit(o, 'x');
		/* FALLTHROUGH */
	case 'x':
		put_number(o, &f, next(o, f.wide), 16, false);
		break;
	case '\0':
		return (fmt - 1);
	default:
		emit(o, *fmt);
	}
	return (fmt);
}

int
print_to(void (*put)(void *ctx, char c), void *ctx, const char *fmt,
    va_list ap)
{
	struct out o = { .put = put, .ctx = ctx };

	va_copy(o.ap, ap);
	for (; *fmt != '\0'; fmt++)
		if (*fmt == '%')
			fmt = convert(&o, fmt + 1);
		else
			emit(&o, *fmt);
	va_end(o.ap);
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
print_va(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct buffer b = { buf, size };
	int n = print_to(put_buffer, &b, fmt, ap);

	if (size > 0)
		*b.p = '\0';
	return (n);
}

int
print_buf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = print_va(buf, size, fmt, ap);
	va_end(ap);
	return (n);
}

int
print_fail(char *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_va(line, PRINT_LINE, fmt, ap);
	va_end(ap);
	return (-1);
}
