/*
 * Virtio devices as a guest sees them: the MMIO transport, version 2, and
 * split queues (Virtual I/O Device 1.2, chapters 2 and 4.2). Nothing that
 * the guest says is believed: what makes no sense sets DEVICE_NEEDS_RESET
 * and the device does nothing more. Must not know VMs, the interrupt
 * controller, nor how an access trapped; guest memory is reached through
 * virtio_ops alone.
 *
 * Map of the room
 *	virtio.[ch]	transport and queues
 *	vconsole.[ch]	console, one port (5.3)
 *	vrng.[ch]	entropy (5.4), of chacha.[ch]
 *	vnet.[ch]	network card (5.1), two of them back to back
 *	vshare.[ch]	no virtio: doorbells beside memory that VMs share
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"
#include "port/cpu.h"

#define	VIRTIO_QUEUES	2		/* of a device, at most */
#define	VIRTIO_NUM	64		/* descriptors of a queue, at most */
#define	VIRTIO_WINDOW	0x200		/* bytes of registers */

#define	VIRTIO_ID_NET	1
#define	VIRTIO_ID_CONSOLE 3
#define	VIRTIO_ID_RNG	4

#define	VIRTIO_F_VERSION_1	(1ull << 32)

/* Called with the device's lock held. */
struct virtio_ops {
	/*
	 * The byte of the guest's RAM at ipa, good up to the end of its
	 * page; NULL: no RAM there.
	 */
	void	*(*memory)(void *ctx, uint64_t ipa, bool write);
	/* The interrupt line changes to level; called on changes only. */
	void	(*line)(void *ctx, unsigned int slot, bool level);
};

struct virtio;

/* What one kind of device is. */
struct virtio_kind {
	uint32_t	id;
	unsigned int	queues;
	uint64_t	features;	/* VIRTIO_F_VERSION_1 apart */
	/*
	 * A bit of work, bounded, on behalf of the queue: about one chain.
	 * True: there is more, and it wants to be called again.
	 */
	bool	(*notify)(struct virtio *d, unsigned int queue);
};

struct virtio_queue {
	bool		ready;
	uint16_t	num;
	uint16_t	seen;		/* of available ones */
	uint16_t	used;
	uint64_t	ring[3];	/* descriptors, driver's, device's */
};

struct virtio {
	const struct virtio_kind *kind;
	const struct virtio_ops *ops;
	void		*ctx;
	unsigned int	slot;		/* for ops->line */
	struct spinlock	*lock;		/* own, or shared with a peer */
	struct spinlock	own;
	const uint8_t	*config;	/* device configuration, read only */
	uint32_t	config_size;
	/* From here on what a reset clears. */
	bool		level;		/* of the line, as last told */
	uint8_t		isr;		/* InterruptStatus */
	uint32_t	status;
	uint32_t	sel[4];		/* of registers 0xN0 to 0xNf */
	uint64_t	features;	/* the driver's */
	struct virtio_queue queue[VIRTIO_QUEUES];
	/* The chain that virtio_next() found: parts to read, then to write. */
	uint64_t	progress;	/* the device's, in a chain */
	uint16_t	head;
	unsigned int	nparts, nread;
	struct {
		uint64_t	ipa;
		uint32_t	len;
	}		part[VIRTIO_NUM];
};

/* lock is shared with another device, or NULL. */
void	virtio_init(struct virtio *d, const struct virtio_kind *kind,
	    const struct virtio_ops *ops, void *ctx, unsigned int slot,
	    struct spinlock *lock);
/* By a reset of the VM: the line falls, the queues are forgotten; locks. */
void	virtio_reset(struct virtio *d);
/* An access inside of the window; takes the lock. */
enum mmio_result virtio_mmio(struct virtio *d, struct mmio *m);

/*
 * For devices, with the lock held. All of them may find the guest to be
 * wrong, and set DEVICE_NEEDS_RESET.
 */
/* The driver is there, and the queue in order. */
bool	virtio_live(const struct virtio *d, unsigned int queue);
/* Is a chain available? It becomes the one that the others are about. */
bool	virtio_next(struct virtio *d, unsigned int queue);
/* Bytes in it to be read, or to be written. */
uint64_t virtio_size(const struct virtio *d, bool write);
/* Copies n bytes, skip bytes into it, from or to buf. They are there. */
bool	virtio_copy(struct virtio *d, bool write, uint64_t skip, void *buf,
	    size_t n);
/* The chain is used up, with so many bytes written. */
void	virtio_done(struct virtio *d, unsigned int queue, uint32_t written);
/* The driver does what it must not. */
void	virtio_broken(struct virtio *d);
