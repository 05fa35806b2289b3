/*
 * The shared console: who may speak when, and who is spoken to. Must not
 * know which UART it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/console.h"
#include "vmm/ext/flood.h"
#include "vmm/vm.h"

static struct spinlock lock;
static const struct console_ops *dev;	/* NULL: nobody hears anything */
static struct uart *device;
static bool panicking;
/* Whose unfinished line stands on the console; NULL: none. */
static struct vm *open_line;
static unsigned int focus;		/* index of a VM */
/* Keys that the guest has no room for; in and out are counted up for ever. */
static struct {
	unsigned int	in, out;
	uint8_t		bytes[256];
} input;

static void
console_lock(void)
{

	if (!panicking)
		spin_lock(&lock);
}

static void
console_unlock(void)
{

	if (!panicking)
		spin_unlock(&lock);
}

static void
put(void *ctx, char c)
{

	(void)ctx;
	if (c == '\n')
		dev->put(device, '\r');
	dev->put(device, c);
}

static void
put_string(const char *s)
{

	while (*s != '\0')
		put(NULL, *s++);
}

/* Somebody else's half line ends here, so that ours is a whole one. */
static void
close_line(void)
{

	if (open_line != NULL)
		put(NULL, '\n');
	open_line = NULL;
}

void
console_init(const struct console_ops *ops, struct uart *u)
{

	device = u;
	dev = ops;
}

void
console_panic(void)
{

	panicking = true;
}

static void
flush(struct vm *vm)
{
	struct vm_console *c = &vm->console;

	if (c->n == 0)
		return;
	close_line();
	put(NULL, '[');
	put_string(vm->config.name);
	put_string("] ");
	for (unsigned int i = 0; i < c->n; i++)
		put(NULL, c->line[i]);
	put(NULL, '\n');
	c->n = 0;
}

void
console_vm_flush(struct vm *vm)
{

	console_lock();
	flush(vm);
	if (open_line == vm)
		close_line();
	console_unlock();
}

/*
 * A VM alone speaks as it likes. Several are shown line by line, so that
 * none cuts another's; a prompt comes out with the first key (console_pump).
 */
bool
console_vm_put(void *ctx, char c)
{
	struct vm *vm = ctx;
	struct vm_console *held = &vm->console;

	if (dev == NULL || c == '\r')
		return (true);
	if (!flood_pay(vm, 1))
		return (false);
	console_lock();
	if (vm_count == 1) {
		open_line = c == '\n' ? NULL : vm;
		put(NULL, c);
	} else {
		if (c == '\n' || held->n == sizeof(held->line))
			flush(vm);
		if (c != '\n')
			held->line[held->n++] = c;
	}
	console_unlock();
	return (true);
}

/* The VM with this index, if it listens. */
static struct vm *
listener(unsigned int i)
{
	struct vm *vm = vm_by_index(i);

	return (vm != NULL && vm->state == VM_RUNNING ? vm : NULL);
}

static void
next_focus(void)
{

	for (unsigned int i = 1; i <= VM_MAX; i++) {
		unsigned int n = (focus + i) % VM_MAX;
		const struct vm *vm = listener(n);

		if (vm != NULL) {
			focus = n;
			log_line("console: input goes to %s", vm->config.name);
			return;
		}
	}
}

void
console_pump(void)
{
	int c;

	/* Acknowledged first: what comes while we read interrupts again. */
	dev->listen(device, true);
	while (input.in - input.out < sizeof(input.bytes) &&
	    (c = dev->get(device)) >= 0) {
		if (c == CONSOLE_ESCAPE)
			next_focus();
		else
			input.bytes[input.in++ % sizeof(input.bytes)] = c;
	}
	/*
	 * A guest that does not read must not have us interrupted for ever:
	 * more is held here than a UART takes, so we are called again.
	 */
	if (input.in - input.out == sizeof(input.bytes))
		dev->listen(device, false);
	if (listener(focus) == NULL)
		next_focus();
	struct vm *vm = listener(focus);
	if (vm == NULL)
		return;
	if (vm_count > 1 && console_backlog())
		console_vm_flush(vm);
	while (console_backlog() && vm->input(vm,
	    input.bytes[input.out % sizeof(input.bytes)]))
		input.out++;
	if (console_backlog())
		sched_soon();		/* which comes back here, and waits */
}

bool
console_backlog(void)
{

	return (input.in != input.out);
}

void
log_line(const char *fmt, ...)
{
	va_list ap;

	if (dev == NULL)
		return;
	va_start(ap, fmt);
	console_lock();
	close_line();
	print_to(put, NULL, fmt, ap);
	put(NULL, '\n');
	console_unlock();
	va_end(ap);
}
