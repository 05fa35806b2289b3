"""The rules of the code, as functions that can be fed any text.

SPDX-License-Identifier: BSD-2-Clause
"""
