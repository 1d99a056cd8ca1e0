# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels in the cache: fetched or built once a machine.
#
#   sources/PACKAGE-VERSION/        unpacked Linux source
#   kernels/KERNEL-VERSION[-HASH]/  a kernel; HASH is that of its configuration
#     info                          shell variables, written last: it is complete
#       KDIR        build folder for `make M=...`
#       IMAGE       what boots
#       KARCH       for make ARCH=
#       KRELEASE    its own name
#
# Debian's versions move on. The one found first is kept in versions/ until
# `scripts/rig/kernel --update`, so that a run needs no network.

# Keep versions usable in file names.
version_key()
{
	tr -c 'A-Za-z0-9.\n-' - <<<"$1"
}

# pin SUITE PATTERN: "PACKAGE VERSION" of the newest match, looked up once.
pin()
{
	local suite=$1 pattern=$2 file package version

	file=$SPANHEAP_CACHE/versions/$suite-$(version_key "$pattern")
	if [ ! -s "$file" ]; then
		mkdir -p "$SPANHEAP_CACHE/versions"
		apt_update "$suite"
		package=$(apt_newest "$suite" "^$pattern\$")
		[ -n "$package" ] || die "no package like '$pattern' in $suite"
		version=$(apt_version "$suite" "$package")
		echo "$package $version" >"$file.new"
		mv "$file.new" "$file"
	fi
	cat "$file"
}

# linux_source: fetch the newest packaged 7.x source once; print its folder.
linux_source()
{
	local pinned package version dir

	pinned=$(pin trixie-backports 'linux-source-7\.[0-9]+')
	read -r package version <<<"$pinned"
	dir=$SPANHEAP_CACHE/sources/$(version_key "$package-$version")
	[ -f "$dir/Makefile" ] || with_lock source source_unpack "$package" "$version" "$dir"
	echo "$dir"
}

source_unpack()
{
	local package=$1 version=$2 dir=$3

	[ ! -f "$dir/Makefile" ] || return 0
	say "fetching $package $version"
	rm -rf "$dir".*
	apt_fetch trixie-backports "$dir.deb" "$package=$version"
	mkdir -p "$dir.new"
	tar -xf "$dir.deb/usr/src/$package.tar.xz" -C "$dir.new" --strip-components=1
	rm -rf "$dir.deb"
	mv "$dir.new" "$dir"
}

# kernel_folder: where the kernel of the loaded lane is or will be.
kernel_folder()
{
	local pinned suite image version src fragment

	if [ -n "$PACKAGED" ]; then
		read -r suite image _ <<<"$PACKAGED"
		pinned=$(pin "$suite" "$image")
		version=${pinned#* }
	else
		src=$(linux_source)
		version=$(basename "$src")-$(
			for fragment in $CONFIGS; do
				cat "$SPANHEAP_ROOT/scripts/configs/$fragment"
			done | cat <(echo "$KARCH $BASE_CONFIG${BUILD_ARGS:+ $BUILD_ARGS}") - |
				sha256sum | cut -c 1-12)
	fi
	echo "$SPANHEAP_CACHE/kernels/$KERNEL-$(version_key "$version")"
}

# kernel_ready: make the kernel of the loaded lane, print its folder.
kernel_ready()
{
	local dir

	dir=$(kernel_folder)
	[ -f "$dir/info" ] || with_lock "kernel-$KERNEL" kernel_make "$dir"
	echo "$dir"
}

kernel_make()
{
	local dir=$1 start=$SECONDS

	[ ! -f "$dir/info" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir"
	if [ -n "$PACKAGED" ]; then
		kernel_unpack "$dir"
	else
		kernel_build "$dir"
	fi
	say "kernel $KERNEL: ready after $((SECONDS - start)) s ($(basename "$dir"))"
}

# Unpack a packaged kernel with its headers. They refer to each other below
# /usr/src, which has to become the folder they are unpacked in.
kernel_unpack()
{
	local dir=$1 suite image headers version packages kdir release
	local re='linux-(image|headers|kbuild|compiler)-.*[0-9].*'

	read -r suite image headers <<<"$PACKAGED"
	version=$(pin "$suite" "$image")
	say "kernel $KERNEL: fetching $image ${version#* }"
	mapfile -t packages < <(apt_closure "$suite" "$re" "$image" "$headers" |
		grep -v -- -unsigned)
	apt_fetch "$suite" "$dir" "${packages[@]}"

	release=$(basename "$dir"/lib/modules/*)
	kdir=$dir/usr/src/linux-headers-$release
	grep -rlI --include=Makefile '/usr/src/' "$dir/usr/src" |
		xargs sed -i "s|\([[:space:]]\)/usr/src/|\1$dir/usr/src/|g"
	kernel_info "$dir" "$kdir" "$dir/boot/vmlinuz-$release" "$release"
}

kernel_build()
{
	local dir=$1 src fragment fragments=() build=$1/build image
	local make=(make -s -C)

	src=$(linux_source)
	for fragment in $CONFIGS; do
		fragments+=("$SPANHEAP_ROOT/scripts/configs/$fragment")
	done
	say "kernel $KERNEL: building $(basename "$src"), some minutes; log: $dir/build.log"

	mkdir -p "$build"
	make+=("$src" "O=$build" "ARCH=$KARCH")
	# shellcheck disable=SC2206	# words
	make+=($BUILD_ARGS)
	quietly "$dir/config.log" "${make[@]}" "$BASE_CONFIG"
	quietly "$dir/config.log" "$src/scripts/kconfig/merge_config.sh" -m -O "$build" \
		"$build/.config" "${fragments[@]}"
	quietly "$dir/config.log" "${make[@]}" olddefconfig
	config_check "$build/.config" "${fragments[@]}"

	quietly "$dir/build.log" "${make[@]}" -j "$SPANHEAP_JOBS" all
	if [ "$KARCH" = um ]; then
		image=$build/linux
	else
		image=$build/arch/x86/boot/bzImage
	fi
	kernel_info "$dir" "$build" "$image" "$(cat "$build/include/config/kernel.release")"
}

# config_check CONFIG FRAGMENT...: fail when an option asked for did not survive.
config_check()
{
	local config=$1 lost
	shift

	lost=$(cat "$@" | awk -F '[= ]' '
		FNR == 1			{ file++ }
		file == 1 && /^CONFIG_/		{ want[$1] = $0 }
		file == 1 && /^# CONFIG_/	{ want[$2] = "" }
		file == 2 && /^CONFIG_/		{ got[$1] = $0 }
		END	{ for (name in want) if (want[name] != got[name]) print name }' - "$config")
	[ -z "$lost" ] || die "kernel $KERNEL: not in the final configuration: $lost"
}

kernel_info()
{
	printf '%s=%q\n' KDIR "$2" IMAGE "$3" KARCH "$KARCH" KRELEASE "$4" >"$1/info.new"
	mv "$1/info.new" "$1/info"
}
