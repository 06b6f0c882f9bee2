# Mounts SOURCE on TARGET with the id map of process PID's user namespace, which mount(8) cannot do before 2.39:
# open_tree, mount_setattr(MOUNT_ATTR_IDMAP), move_mount. So files on the golden disk stay owned by uid 0.
my ($source, $target, $pid) = @ARGV;
my $tree = syscall(428, -100, $source, 1 | 0x80000 | 0x8000);
die "open_tree: $!" if $tree < 0;
open(my $userns, '<', "/proc/$pid/ns/user") or die "user namespace of $pid: $!";
my $attributes = pack('QQQQ', 0x00100000, 0, 0, fileno($userns));
my $empty = '';
syscall(442, $tree, $empty, 0x1000, $attributes, length $attributes) == 0 or die "mount_setattr: $!";
my $from = '';
syscall(429, $tree, $from, -100, $target, 0x4) == 0 or die "move_mount: $!";
