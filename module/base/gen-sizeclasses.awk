#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# gen-sizeclasses.awk - work out the size classes and print them as C
#
# Usage: awk -f gen-sizeclasses.awk           the C header, on stdout
#        awk -f gen-sizeclasses.awk -v table=1   a table for people
#
# The rules are those of the Go runtime's size classes (mksizeclasses.go) and of
# TCMalloc before it, with the bound on rounding made strict (Go's table loses
# up to 15.8 % in places):
#   - every power of two from 8 bytes to 32 KiB is a class;
#   - up to 2 KiB, sizes go up in eighths of the power of two below, but in 8
#     up to 32 bytes and in 16 up to 128;
#   - above, each class is the largest multiple of 256 with which a request of
#     a byte more than the class below loses no more than 12.5 % of the object;
#   - a span is as many heap pages as it takes for its tail, which is too short
#     for an object, to be at most 12.5 % of it, and to hold 16 objects, or as
#     many as 64 KiB hold: what a span costs to make is shared by its objects;
#   - but an object of several whole heap pages has a span to itself, and so can
#     be split.
# Below 128 bytes a step of 8 or 16 is more than 12.5 % of the object; less
# would cost the alignment.
#
# An offset is divided by the object size through a multiplication: for every
# offset within a span, offset / size == (offset * magic) >> 32 with
# magic = 2^32 / size rounded up, and the lower half of the product is less than
# magic if and only if nothing remains. The script tries both at both ends of
# every object rather than trusting the arithmetic.

function fail(msg)
{
	print "gen-sizeclasses: " msg > "/dev/stderr"
	failed = 1
	exit 1
}

function next_pow2(n,    p)
{
	for (p = 1; p <= n; p *= 2)
		;
	return p
}

# The size of the class after the one of @size bytes.
function next_size(size,    top, far)
{
	top = next_pow2(size)
	if (size < 32)
		return size + 8
	if (size < 128)
		return size + 16
	if (size < 2048)
		return size + top / 16
	far = int((size + 1) / 0.875 / 256) * 256
	return far < top ? far : top
}

function span_pages(size,    bytes)
{
	if (size > PAGE && size % PAGE == 0)
		return size / PAGE
	bytes = PAGE
	while (bytes % size > bytes / 8 || \
	       (bytes < 8 * PAGE && bytes < 16 * size))
		bytes += PAGE
	return bytes / PAGE
}

# Share of an object of class i that the smallest request for it loses.
function rounding(i)
{
	return (size[i] - size[i - 1] - 1) / size[i]
}

function make_classes(    s)
{
	for (s = 8; s <= MAX; s = next_size(s)) {
		size[++nr] = s
		pages[nr] = span_pages(s)
		elems[nr] = int(pages[nr] * PAGE / s)
	}
}

function check_classes(    i)
{
	for (i = 1; i <= nr; i++) {
		if (size[i] > 128 && rounding(i) > 0.125)
			fail("rounding up to " size[i] " loses too much")
		if (pages[i] * PAGE - elems[i] * size[i] > pages[i] * PAGE / 8)
			fail("the tail of a span of " size[i] " is too long")
	}
}

# Whether dividing @off through the magic of class i gives what it should.
function divides(i, off,    product, low)
{
	product = off * magic[i]
	low = product % 4294967296
	return (product - low) / 4294967296 == int(off / size[i]) && \
		(low < magic[i]) == (off % size[i] == 0)
}

function find_magic(i,    k, off)
{
	magic[i] = int((4294967296 + size[i] - 1) / size[i])
	for (k = 0; k < elems[i]; k++) {
		off = k * size[i]
		if (!divides(i, off) || !divides(i, off + 1) || \
		    !divides(i, off + size[i] - 1))
			fail("no magic for size " size[i])
	}
}

# Most objects to move between a CPU's cache and the spans at a time: 64 KiB
# worth, 2 to 32 objects, as TCMalloc does.
function batch(i,    n)
{
	n = int(65536 / size[i])
	return n < 2 ? 2 : n > 32 ? 32 : n
}

function print_table(    i, bytes, tail)
{
	printf "%5s %7s %6s %7s %6s %9s %9s\n", "class", "bytes", "pages", \
		"objects", "batch", "tail %", "rounding %"
	for (i = 1; i <= nr; i++) {
		bytes = pages[i] * PAGE
		tail = bytes - elems[i] * size[i]
		printf "%5d %7d %6d %7d %6d %9.2f %9.2f\n", i, size[i], pages[i], \
			elems[i], batch(i), 100 * tail / bytes, \
			100 * rounding(i)
	}
}

function print_lookup(name, count, base, gran,    i, c, want)
{
	printf "\nconst u16 %s[%d] = {", name, count
	c = 1
	for (i = 0; i < count; i++) {
		want = base + i * gran
		if (!want)
			c = 0
		else if (!c)
			c = 1
		while (size[c] < want)
			c++
		printf "%s%d,", i % 12 ? " " : "\n\t", c * 32
	}
	print "\n};"
	print "EXPORT_SYMBOL_IF_KUNIT(" name ");"
}

function print_header(    i, most_elems)
{
	print "/* SPDX-License-Identifier: GPL-2.0 */"
	print "/* Made by module/base/gen-sizeclasses.awk. Do not edit. */"
	printf "\nstatic_assert(SH_NR_CLASSES == %d);\n", nr + 1
	print "static_assert(SH_CLASS_BYTES == 32);"
	printf "static_assert(SPANHEAP_MAX_SMALL == %d);\n", size[nr]
	for (i = 1; i <= nr; i++)
		if (elems[i] > most_elems)
			most_elems = elems[i]
	printf "static_assert(SH_MAX_ELEMS == %d);\n", most_elems
	print "\nconst struct sh_class sh_classes[SH_NR_CLASSES] = {"
	for (i = 1; i <= nr; i++)
		printf "\t[%d] = { .size = %d, .magic = %.0fu, .bytes = %d, .elems = %d, .batch = %d, .pages = %d },\n", \
			i, size[i], magic[i], pages[i] * PAGE, elems[i], batch(i), pages[i]
	print "};"
	print "EXPORT_SYMBOL_IF_KUNIT(sh_classes);"
	print_lookup("sh_class_by_8", 1024 / 8 + 1, 0, 8)
	print_lookup("sh_class_by_128", (MAX - 1024) / 128 + 1, 1024, 128)
}

BEGIN {
	PAGE = 8192
	MAX = 32768
	make_classes()
	check_classes()
	for (c = 1; c <= nr; c++)
		find_magic(c)
	if (table)
		print_table()
	else
		print_header()
}
