# SPDX-License-Identifier: GPL-2.0
#
# Which backend arenas have. A sparse arena is address space without memory, which
# comes and goes page by page: that takes a module that can write kernel page table
# entries. With KMSAN it cannot be: what comes and goes behind the back of vmap() has
# no shadow.

ifeq ($(CONFIG_X86_64)-$(CONFIG_UML)$(CONFIG_KMSAN),y-)
arena-y  := paged.o refs.o mmu_x86.o
ccflags-y += -DSH_ARENA_SPARSE=1
else
arena-y  := portable.o
ccflags-y += -DSH_ARENA_SPARSE=0
endif
