# SPDX-License-Identifier: GPL-2.0
#
# From the kmem events of a kernel trace to a line an event: "SLOT SIZE" for an
# allocation, "SLOT 0" for a free. Slots number the live objects. Frees of
# objects older than the trace are left out; an address handed out again was
# freed in a way that is not traced, and is freed here.

function field(name,    at, rest)
{
	at = index($0, " " name "=")
	if (!at)
		return ""
	rest = substr($0, at + length(name) + 2)
	at = index(rest, " ")
	return at ? substr(rest, 1, at - 1) : rest
}

function release(ptr)
{
	print slot[ptr], 0
	unused[++nr_unused] = slot[ptr]
	delete slot[ptr]
}

/^#/ { next }

/ (kmalloc|kmem_cache_alloc): / {
	ptr = field("ptr")
	size = field("bytes_req") + 0
	if (ptr == "" || size == 0)
		next
	if (ptr in slot)
		release(ptr)
	slot[ptr] = nr_unused ? unused[nr_unused--] : nr_slots++
	print slot[ptr], size
	next
}

/ (kfree|kmem_cache_free): / {
	ptr = field("ptr")
	if (ptr in slot)
		release(ptr)
}
