/*
 * Runs an arm64 Image, or a flat binary made for `qemu -M virt -kernel`, in a
 * VM of KVM. As a command on a machine that has /dev/kvm; or as the first
 * process of a Linux that was booted for nothing else, with its arguments
 * behind `--` of the kernel's command line: then it tells what that Linux is,
 * and powers the machine off at the end. Must not know what the guest does.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner.h"

static const char usage[] =
    "usage: kvm-runner --guest IMAGE [--initrd F] [--append S] [--vcpus N]\n"
    "           [--memory M] [--gic 2|3] [--cpus 0,1,...] [--pmu]\n"
    "           [--populate] [--thp]\n"
    "  --memory    in MiB (64)\n"
    "  --cpus      the host's CPU of each vCPU\n"
    "  --pmu       the guest has a PMU\n"
    "  --populate  all memory is there before the guest starts\n"
    "  --thp       memory may be of huge pages\n";

void
die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fputs("kvm-runner: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static unsigned long
number(const char *text, const char *option, unsigned long least,
    unsigned long most)
{
	char *rest;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &rest, 10);
	if (errno != 0 || rest == text || *rest != '\0' || value < least ||
	    value > most)
		die("--%s %s: wanted a number, %lu to %lu", option, text,
		    least, most);
	return (value);
}

static void
cpu_list(struct options *o, char *text)
{
	unsigned int n = 0;
	char *word;

	for (word = strtok(text, ","); word != NULL; word = strtok(NULL, ","))
		if (n < MAX_VCPUS)
			o->cpu[n++] = (int)number(word, "cpus", 0, 1023);
}

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{ "guest", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "vcpus", required_argument, NULL, 'n' },
		{ "memory", required_argument, NULL, 'm' },
		{ "gic", required_argument, NULL, 'g' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "pmu", no_argument, NULL, 'p' },
		{ "populate", no_argument, NULL, 'f' },
		{ "thp", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int i;
	int c;

	*o = (struct options){ .append = "", .vcpus = 1, .memory = 64ul << 20 };
	for (i = 0; i < MAX_VCPUS; i++)
		o->cpu[i] = -1;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'k':
			o->guest = optarg;
			break;
		case 'i':
			o->initrd = optarg;
			break;
		case 'a':
			o->append = optarg;
			break;
		case 'n':
			o->vcpus = (unsigned int)number(optarg, "vcpus", 1,
			    MAX_VCPUS);
			break;
		case 'm':
			o->memory = number(optarg, "memory", 2, 1 << 20) << 20;
			break;
		case 'g':
			o->gic = (unsigned int)number(optarg, "gic", 2, 3);
			break;
		case 'c':
			cpu_list(o, optarg);
			break;
		case 'p':
			o->pmu = true;
			break;
		case 'f':
			o->populate = true;
			break;
		case 't':
			o->thp = true;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (o->guest == NULL || optind != argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

/* ---- as the first process --------------------------------------------- */

/* A line of a file of the kernel's, if it is there. */
static void
tell(const char *what, const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return;
	if (fgets(line, sizeof(line), file) != NULL)
		printf("%s: %s%s", what, line,
		    strchr(line, '\n') != NULL ? "" : "\n");
	fclose(file);
}

/* What the kernel has said about KVM. */
static void
tell_log(void)
{
	char line[1024], *text;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		text = strchr(line, ';');
		if (text == NULL || strncmp(text + 1, "kvm [", 5) != 0)
			continue;
		text[1 + strcspn(text + 1, "\n")] = '\0';
		printf("peer log: %s\n", text + 1);
	}
	close(fd);
}

static void
mount_on(const char *where, const char *type)
{

	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) != 0 && errno != EBUSY)
		die("mount %s: %s", where, strerror(errno));
}

static void
tell_host(void)
{
	struct utsname name;

	if (uname(&name) == 0)
		printf("peer version: %s %s %s\n", name.sysname, name.release,
		    name.version);
	tell("peer command line", "/proc/cmdline");
	tell("peer halt_poll_ns", "/sys/module/kvm/parameters/halt_poll_ns");
	tell("peer huge pages", "/sys/kernel/mm/transparent_hugepage/enabled");
	tell_log();
	fflush(stdout);
}

/* Standard input, output and error are the console. */
static void
console(void)
{
	int fd = open("/dev/console", O_RDWR), i;

	for (i = 0; i < 3 && fd >= 0; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static void
first_process(void)
{
	int status;
	pid_t child;

	mount_on("/dev", "devtmpfs");
	console();
	mount_on("/proc", "proc");
	mount_on("/sys", "sysfs");
	tell_host();
	if ((child = fork()) == 0)
		return;
	if (child < 0)
		die("fork: %s", strerror(errno));
	while (waitpid(child, &status, 0) != child)
		;
	printf("peer end: %s %d\n", WIFEXITED(status) ? "status" : "signal",
	    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int
main(int argc, char **argv)
{
	struct options options;

	if (getpid() == 1)
		first_process();
	parse(&options, argc, argv);
	return (vm_run(&options));
}
