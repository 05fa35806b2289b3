/*
 * The shared console: who may speak when, and who is spoken to. Must not
 * know which UART it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/ring.h"
#include "vmm/console.h"
#include "vmm/log.h"
#include "vmm/vm.h"

struct vm_console {
	unsigned int	n;		/* characters held in line */
	char		line[CONSOLE_LINE];
};

static struct spinlock lock;
static const struct console_ops *dev;
static bool panicking;
static unsigned int attached;
/* Whose unfinished line stands on the console; NULL: none. */
static struct vm *open_line;
static unsigned int focus;		/* index of a VM */
static struct ring input;
static uint8_t input_bytes[256];

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
put(char c)
{

	if (dev == NULL)
		return;
	if (c == '\n')
		dev->put('\r');
	dev->put(c);
}

static void
put_ctx(void *ctx, char c)
{

	(void)ctx;
	put(c);
}

static void
put_string(const char *s)
{

	while (*s != '\0')
		put(*s++);
}

/* Somebody else's half line ends here, so that ours is a whole one. */
static void
close_line(void)
{

	if (open_line != NULL)
		put('\n');
	open_line = NULL;
}

void
console_init(const struct console_ops *ops)
{

	dev = ops;
	ring_init(&input, input_bytes, sizeof(input_bytes));
}

void
console_panic(void)
{

	panicking = true;
}

void
console_attach(struct vm *vm, void *page)
{

	vm->console = page;
	attached++;
}

void
console_detach(struct vm *vm)
{

	if (vm->console != NULL)
		attached--;
}

static void
flush(struct vm *vm)
{
	struct vm_console *c = vm->console;

	if (c->n == 0)
		return;
	close_line();
	put('[');
	put_string(vm->config.name);
	put_string("] ");
	for (unsigned int i = 0; i < c->n; i++)
		put(c->line[i]);
	put('\n');
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
void
console_vm_put(void *ctx, char c)
{
	struct vm *vm = ctx;
	struct vm_console *held = vm->console;

	console_lock();
	if (attached == 1) {
		if (c != '\r') {
			open_line = c == '\n' ? NULL : vm;
			put(c);
		}
	} else if (c == '\n' || held->n == sizeof(held->line)) {
		flush(vm);
		if (c != '\n')
			held->line[held->n++] = c;
	} else if (c != '\r')
		held->line[held->n++] = c;
	console_unlock();
}

static void
next_focus(void)
{
	unsigned int i, n;
	struct vm *vm;

	for (i = 1; i <= VM_MAX; i++) {
		n = (focus + i) % VM_MAX;
		vm = vm_by_index(n);
		if (vm != NULL && vm->state == VM_RUNNING)
			break;
	}
	if (i > VM_MAX)
		return;
	focus = n;
	log_line("console: input goes to %s", vm->config.name);
}

void
console_pump(void)
{
	uint8_t byte;
	int c;

	/* Acknowledged first: what comes while we read interrupts again. */
	dev->listen(true);
	while (!ring_full(&input) && (c = dev->get()) >= 0) {
		if (c == CONSOLE_ESCAPE)
			next_focus();
		else
			ring_put(&input, c);
	}
	/*
	 * A guest that does not read must not have us interrupted for ever:
	 * more is in the ring than a UART takes, so we are called again.
	 */
	if (ring_full(&input))
		dev->listen(false);
	struct vm *vm = vm_by_index(focus);
	if (vm == NULL || vm->state != VM_RUNNING) {
		next_focus();
		vm = vm_by_index(focus);
		if (vm == NULL || vm->state != VM_RUNNING)
			return;
	}
	if (attached > 1 && !ring_empty(&input))
		console_vm_flush(vm);
	while (ring_peek(&input, &byte) && vpl011_input(&vm->uart, byte))
		ring_drop(&input);
}

bool
console_backlog(void)
{

	return (!ring_empty(&input));
}

static void
log_va(const char *prefix, const char *name, const char *fmt, va_list ap)
{

	console_lock();
	close_line();
	put_string(prefix);
	put_string(name);
	put_string(*prefix != '\0' ? ": " : "");
	print_to(put_ctx, NULL, fmt, ap);
	put('\n');
	console_unlock();
}

void
log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va("", "", fmt, ap);
	va_end(ap);
}

void
log_vm(const struct vm *vm, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va("vm ", vm->config.name, fmt, ap);
	va_end(ap);
}

void
log_panic(const char *fmt, va_list ap)
{

	log_va("PANIC", "", fmt, ap);
}
