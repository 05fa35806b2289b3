"""The lab harness behind the `apiary` command.

SPDX-License-Identifier: BSD-2-Clause
"""
