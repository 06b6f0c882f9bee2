// Tells everybody on a network that an address is here now: an ARP request for oneself (RFC 5227), which nobody answers and
// everybody notes. In Perl, which machines have: Node.js cannot send packets below IP.

/** Arguments: the interface, the IPv4 address. */
export const GRATUITOUS_ARP = `
use strict; use Socket;
my ($link, $address) = @ARGV;
sub text { open(my $f, '<', "/sys/class/net/$link/$_[0]") or die "$link: $!"; my $t = <$f>; chomp $t; $t }
my $mac = pack 'H12', text('address') =~ s/://gr;
my ($ip, $arp, $all) = (inet_aton($address), 0x0806, "\\xff" x 6);
my $frame = $all . $mac . pack('n n n C C n', $arp, 1, 0x0800, 6, 4, 1) . $mac . $ip . ("\\0" x 6) . $ip;
socket(my $s, 17, SOCK_RAW, unpack('S', pack('n', $arp))) or die "socket: $!";
my $to = pack('S n i S C C a8', 17, $arp, text('ifindex'), 1, 0, 6, $all);
send($s, $frame, 0, $to) or die "send: $!";
`
