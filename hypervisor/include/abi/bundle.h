/*
 * The bundle: a flattened device tree that describes VMs and carries their
 * images; made by dtc, handed to the hypervisor as linux,initrd.
 *
 *	/ {
 *	    compatible = "apiary,bundle-1";
 *	    images {
 *		test { data = /incbin/("psci.Image"); };
 *		blob { data = /incbin/("x.bin"); type = "raw";
 *		       load = <0x0 0x40200000>; };
 *	    };
 *	    vms {
 *		a {				// the VM's name, 31 characters
 *		    kernel = "test";		// a node of /images; may be
 *						// missing with firmware
 *		    initrd = "rd";		// optional, of /images
 *		    dtb = "tree";		// optional, replaces ours
 *		    bootargs = "quiet";		// optional, 2047 characters
 *		    memory = <0x0 0x8000000>;	// bytes, whole pages
 *		    vcpus = <2>;		// default 1
 *		    cpus = <0 1>;		// optional: physical CPU
 *						// (index) of each vCPU
 *		    stage2 = "eager";		// or "demand"
 *		    wfi = "trap";		// or "native"
 *		    gic = <3>;			// optional, as the hardware's
 *		    stats;			// print exits at the end
 *		    passthrough {
 *			dev {
 *			    reg = <ipa64 pa64 size64>;	// one or more,
 *			    interrupts = <intid>;	// or SPIs, or both
 *			    edge;			// default level
 *			    read-only;			// optional
 *			    compatible = "a,b";		// optional, copied to
 *			};				// the guest's tree
 *		    };
 *		    devices {			// beyond UART and clock
 *			console;		// virtio; is the VM's console
 *			rng;			// virtio
			its;			// GICv3: LPIs, for MSIs
 *			link = "wire";		// virtio network card, to the
 *						// other VM that says so
 *			share = "mail";		// RAM shared with the other
 *			share-size = <0 0x10000>; // one, doorbells: share.h
 *			transports = <ipa64 intid>; // of the machine's virtio,
 *						// in what is passed through
 *			pci = "0000:00:01.0";	// PCI functions, one or more
 *			unsafe-dma;		// see below
 *			firmware = "edk2";	// of /images, see below
 *		    };
 *		};
 *	    };
 *	};
 *
 * The virtio devices have version 2 of the MMIO transport, at the addresses
 * and interrupts of abi/machine.h. Until a driver has taken the console,
 * input goes to the UART.
 *
 * A bus master that is passed through reaches all of the machine's memory,
 * for no stage 2 is between them. Of PCI functions an SMMUv3 with stage 2 takes
 * care, where the machine has one: they reach what the VM's CPUs do, and what
 * is blocked is said. Elsewhere, with unsafe-dma, a VM may have it all the
 * same, and its RAM is then at IPA = PA, wherever that is; its kernel is an
 * arm64 Image, which does not mind. What is a bus master is known by the
 * machine's device tree (dma-coherent, iommus, and what network cards, disk
 * and USB controllers have): of what that does not tell, a bundle must not
 * pass any. Each transport is a node virtio,mmio of the guest's tree, and
 * reset with the VM; its page may hold others, which the guest has, too.
 *
 * A PCI function is named as the machine's Linux does (the domain may be left
 * out) and on the root bus of its first generic host bridge with an ECAM. The
 * VM has a host bridge of its own at the addresses of abi/machine.h, on which
 * the functions are devices 0, 1 ... in the order of the list, and nothing
 * else is. Their BARs can be put into a window that is the VM's alone, and
 * are not decoded elsewhere. Their interrupts are INTx; two VMs cannot share a
 * line. With its, on a machine that has an ITS and an SMMU, they have MSI and
 * MSI-X as well, up to 64 messages each: the host bridge has a msi-map to the
 * VM's ITS, and a function's DeviceID is its number on the bus (device n:
 * 8 * n). Where they have not, a line says why. There is no I/O space, no
 * expansion ROM, no extended configuration space; stage2 is to be "eager".
 * When the VM is reset or ends a function is cut off (no DMA, no decoding, no
 * interrupt), but not reset. Every function is a bus master.
 *
 * With firmware the VM is as QEMU's virt with -bios: it starts at IPA 0, in
 * a ROM that holds that image (64 MiB at most, and not "raw"), with the
 * device tree at the start of RAM. A flash with Intel's commands, of 2 MiB at
 * 0x04000000, is erased when the VM is made, keeps what the firmware writes
 * over resets, and is gone with the VM. Kernel, initrd and bootargs are no
 * part of RAM: fw_cfg at 0x09020000 has them, read-only and with DMA, and no
 * files; the kernel is whatever the firmware can start. Nothing may be
 * passed through below 0x04200000, nor with unsafe-dma.
 *
 * An image's type is "auto" (arm64 Image, ELF64, or a zImage or ELF32 for
 * Armv7 and AArch32, told by their magic), or
 * "raw", which needs load (IPA) and may have entry (IPA, default load).
 * Addresses and sizes are two cells each, whatever #address-cells says.
 *
 * An ELF file is loaded to the physical addresses of its segments. The device
 * tree's address is in x0 always, with AArch32 in r2; the tree is at the
 * start of RAM for what is no Linux and leaves room there, else near the end
 * of RAM, with the initrd below it. A zImage is loaded 32 MiB behind the
 * start of RAM. A kernel of 32 bits needs a CPU with AArch32 at EL1.
 *
 * A VM's own dtb is handed on as it is: bootargs are not put into it, nor
 * the initrd's address, which is said on the console when the VM is made.
 *
 * Properties phandle, description, #address-cells, #size-cells are allowed
 * anywhere; what else is not known is named on the console and ignored.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	BUNDLE_COMPATIBLE	"apiary,bundle-1"
#define	BUNDLE_IMAGES		"/images"
#define	BUNDLE_VMS		"/vms"
#define	BUNDLE_PASSTHROUGH	"passthrough"	/* of a VM */
