/*
 * The bundle: a flattened device tree that describes VMs and carries their
 * images; made by dtc, handed to the hypervisor as linux,initrd.
 *
 *	/ {
 *		compatible = "apiary,bundle-1";
 *		images {
 *			test { data = /incbin/("psci.Image"); };
 *			blob { data = /incbin/("x.bin"); type = "raw";
 *			       load = <0x0 0x40200000>; };
 *		};
 *		vms {
 *			a {				// the VM's name is the node's
 *				kernel = "test";	// a node of /images
 *				initrd = "rd";		// optional, of /images
 *				dtb = "tree";		// optional, replaces ours
 *				bootargs = "quiet";	// optional
 *				memory = <0x0 0x8000000>;  // bytes, 64 bits
 *				vcpus = <2>;		// default 1
 *				cpus = <0 1>;		// optional: physical CPU
 *							// (index) of each vCPU
 *				stage2 = "eager";	// or "demand"
 *				wfi = "trap";		// or "native"
 *				gic = <3>;		// optional: 2 or 3
 *				stats;			// print exits at the end
 *				passthrough {
 *					dev {
 *						reg = <ipa64 pa64 size64>;
 *						interrupts = <intid ...>; // SPI
 *						edge;	    // default level
 *						read-only;  // optional
 *					};
 *				};
 *			};
 *		};
 *	};
 *
 * An image's type is "auto" (arm64 Image or ELF64, told by their magic), or
 * "raw", which needs load (IPA) and may have entry (IPA, default load).
 * Addresses and sizes are two cells each, whatever #address-cells says.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef ABI_BUNDLE_H
#define	ABI_BUNDLE_H

#define	BUNDLE_COMPATIBLE	"apiary,bundle-1"
#define	BUNDLE_IMAGES		"/images"
#define	BUNDLE_VMS		"/vms"

#endif
