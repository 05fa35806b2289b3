/*
 * The checksum of what is printed. Must not know what that is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

uint32_t
crc32_add(uint32_t crc, char c)
{
	int i;

	crc ^= (uint8_t)c;
	for (i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return (crc);
}
