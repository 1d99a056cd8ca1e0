// SPDX-License-Identifier: GPL-2.0
/// Memory of a heap that is given to the kernel's own functions, and memory of the
/// kernel's that is given to a heap.
//
// kvfree() and vfree() of an object take the address for that of a vmalloc area
// and unmap whatever else is there; kfree() and ksize() take it for a slab
// object; virt_to_page() and scatterlists for an address of the linear map. All
// of that compiles, and none of it is seen in time.
//
// Found are uses in the function that allocates, and uses anywhere in the file of
// a member of a structure that is allocated somewhere in the file. A pointer that
// may come from either, as in a shim, is for its author to judge.
//
// Confidence: Moderate
// Options: --no-includes --include-headers
//
// spatch --sp-file spanheap-mixed-free.cocci -D report --very-quiet --no-includes FILE...
virtual report

@ours@
expression E;
position p;
@@

E@p = \(spanheap_alloc\|spanheap_zalloc\|spanheap_alloc_array\|spanheap_calloc\|
	spanheap_alloc_aligned\|spanheap_alloc_node\|spanheap_realloc\|
	spanheap_memdup\|spanheap_strdup\|spanheap_alloc_obj\|
	spanheap_alloc_pages\|spanheap_alloc_persistent\)(...)

@to_kernel exists@
expression ours.E, X, Y;
position ours.p, q;
identifier f =~ "^(k[v]?free|k[v]?free_sensitive|kfree_const|k[v]?free_rcu|k[v]?free_rcu_mightsleep|kfree_bulk|vfree|vfree_atomic|k[v]?realloc|krealloc_array|ksize|kmem_cache_free|virt_to_(page|head_page|folio|phys|slab)|sg_init_one|sg_set_buf|dma_map_single|vunmap|vm_unmap_ram|remap_vmalloc_range|free_pages|free_page)$";
@@

E@p = X
... when != E = Y
f@q(..., E, ...)

@script:python depends on report@
p << to_kernel.q;
f << to_kernel.f;
@@

coccilib.report.print_report(p[0], "%s() of memory of a heap" % f)

@ours_member@
type T;
T *x;
identifier m;
@@

x->m = \(spanheap_alloc\|spanheap_zalloc\|spanheap_alloc_array\|spanheap_calloc\|
	spanheap_alloc_aligned\|spanheap_alloc_node\|spanheap_realloc\|
	spanheap_memdup\|spanheap_strdup\|spanheap_alloc_obj\|
	spanheap_alloc_pages\|spanheap_alloc_persistent\)(...)

@member_to_kernel@
type ours_member.T;
T *y;
identifier ours_member.m;
position q != to_kernel.q;
identifier f =~ "^(k[v]?free|k[v]?free_sensitive|kfree_const|k[v]?free_rcu|k[v]?free_rcu_mightsleep|kfree_bulk|vfree|vfree_atomic|k[v]?realloc|krealloc_array|ksize|kmem_cache_free|virt_to_(page|head_page|folio|phys|slab)|sg_init_one|sg_set_buf|dma_map_single|vunmap|vm_unmap_ram|remap_vmalloc_range|free_pages|free_page)$";
@@

f@q(..., y->m, ...)

@script:python depends on report@
p << member_to_kernel.q;
f << member_to_kernel.f;
m << ours_member.m;
@@

coccilib.report.print_report(p[0], "%s() of ->%s, which is memory of a heap" % (f, m))

@theirs@
expression E;
position p;
identifier f =~ "^(k[vmzc]*alloc|kmalloc_(array|node|obj|objs)|kzalloc_(node|obj|objs)|kcalloc|kv?malloc_array|kvcalloc|k[v]?realloc|krealloc_array|k(v?mem)?dup(_nul)?|kmemdup_nul|kstrdup|kstrndup|kasprintf|vmalloc|vzalloc|vmalloc_user|kmem_cache_z?alloc|alloc_percpu|__get_free_pages|get_zeroed_page|memdup_user)$";
@@

E@p = f(...)

@to_heap exists@
expression theirs.E, X, Y;
position theirs.p, q;
identifier f =~ "^spanheap_(free|free_sensitive|free_rcu|free_pages|split|realloc|clear_finalizer)$";
@@

E@p = X
... when != E = Y
f@q(..., E, ...)

@script:python depends on report@
p << to_heap.q;
f << to_heap.f;
@@

coccilib.report.print_report(p[0], "%s() of memory of the kernel's" % f)

@theirs_member@
type T;
T *x;
identifier m;
identifier f =~ "^(k[vmzc]*alloc|kmalloc_(array|node|obj|objs)|kzalloc_(node|obj|objs)|kcalloc|kv?malloc_array|kvcalloc|k[v]?realloc|krealloc_array|k(v?mem)?dup(_nul)?|kmemdup_nul|kstrdup|kstrndup|kasprintf|vmalloc|vzalloc|vmalloc_user|kmem_cache_z?alloc|alloc_percpu|__get_free_pages|get_zeroed_page|memdup_user)$";
@@

x->m = f(...)

@member_to_heap@
type theirs_member.T;
T *y;
identifier theirs_member.m;
position q != to_heap.q;
identifier f =~ "^spanheap_(free|free_sensitive|free_rcu|free_pages|split|realloc|clear_finalizer)$";
@@

f@q(..., y->m, ...)

@script:python depends on report@
p << member_to_heap.q;
f << member_to_heap.f;
m << theirs_member.m;
@@

coccilib.report.print_report(p[0], "%s() of ->%s, which is memory of the kernel's" % (f, m))

// Manual spans and objects each have a free of their own.

@pages@
expression E;
position p;
@@

E@p = spanheap_alloc_pages(...)

@pages_as_object exists@
expression pages.E, X, Y;
position pages.p, q;
identifier f =~ "^spanheap_(free|free_sensitive|free_rcu|realloc)$";
@@

E@p = X
... when != E = Y
f@q(..., E, ...)

@script:python depends on report@
p << pages_as_object.q;
f << pages_as_object.f;
@@

coccilib.report.print_report(p[0], "%s() of a manual span, which spanheap_free_pages() frees" % f)

@object@
expression E;
position p;
@@

E@p = \(spanheap_alloc\|spanheap_zalloc\|spanheap_alloc_array\|spanheap_calloc\|
	spanheap_alloc_aligned\|spanheap_alloc_node\|spanheap_realloc\|
	spanheap_memdup\|spanheap_strdup\|spanheap_alloc_obj\)(...)

@object_as_pages exists@
expression object.E, X, Y;
position object.p, q;
@@

E@p = X
... when != E = Y
spanheap_free_pages@q(E)

@script:python depends on report@
p << object_as_pages.q;
@@

coccilib.report.print_report(p[0], "spanheap_free_pages() of an object, which spanheap_free() frees")
