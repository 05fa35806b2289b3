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
 *		    kernel = "test";		// a node of /images
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
 *		};
 *	    };
 *	};
 *
 * An image's type is "auto" (arm64 Image or ELF64, told by their magic), or
 * "raw", which needs load (IPA) and may have entry (IPA, default load).
 * Addresses and sizes are two cells each, whatever #address-cells says.
 *
 * An ELF64 is loaded to the physical addresses of its segments. The device
 * tree's address is in x0 always; the tree is at the start of RAM for what
 * is no arm64 Image and leaves room there, else near the end of RAM, with
 * the initrd below it.
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
