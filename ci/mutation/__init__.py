"""Mutation testing of the hypervisor against the test guests.

SPDX-License-Identifier: BSD-2-Clause
"""
