#!/usr/bin/perl
# The machine's first process: starts the Docker engine, containerd where pods are run by its CRI, the node agent
# (which waits for its configuration, so that a warm machine has only that to read), and who starts programs for that;
# starts each again, with back-off, when it dies; reaps orphans.
# SIGHUP: the configuration is new. SIGUSR1: what shall run is another (systemctl). SIGTERM: shut down.
# Perl because perl-base is on every Debian and an interpreter of 5 MB beside dockerd does not count.
use strict; use warnings;
use POSIX ':sys_wait_h';
use IO::Socket::UNIX;

my $CONFIG = '/etc/podium/node.json';
my $SOCKET = '/var/run/docker.sock';
my $AGENT = '/usr/lib/podium/node-agent/node-agent.mjs';
# There when it is wanted.
my $CONTAINERD = '/etc/podium/containerd.toml';
my %service = (
  # Without it the agent starts programs itself, and takes longer.
  errands => { command => ['errands', '/run/podium-errands.sock'], wanted => sub { 1 }, clean => sub { } },
  dockerd => { command => ['dockerd', '-H', "unix://$SOCKET", '--bridge=none', '--iptables=false', '--ip6tables=false',
      '--ip-masq=false', '--userland-proxy=false', '--storage-driver', 'overlay2', '--data-root', '/var/lib/docker',
      # Pods outlive a restart of the engine, as they do on a node with containerd.
      '--live-restore',
      # By these names RuntimeClasses choose; `runc` is there by itself.
      '--add-runtime', 'crun=/usr/bin/crun',
      '--exec-root', '/run/docker', '--pidfile', '/run/docker.pid', '--log-level', 'warn'],
    wanted => sub { 1 }, clean => sub { unlink '/run/docker.pid' } },
  containerd => { command => ['containerd', '--config', $CONTAINERD, '--log-level', 'warn'],
    wanted => sub { -e $CONTAINERD }, clean => sub { } },
  'node-agent' => { command => ['node', '--max-old-space-size=128', '--max-semi-space-size=2', $AGENT, '--config', $CONFIG],
    wanted => sub { -e $AGENT && dockerAnswers() }, clean => sub { } },
);
# By these names systemctl and journalctl speak of them, by files: what is held is not started, and stops if it runs; what is
# disabled is held from the start of the machine; what is asked for is started without waiting for its turn. How each is, is
# told in a file of its own.
my %unit = (dockerd => 'docker', containerd => 'containerd', 'node-agent' => 'kubelet');
my ($HELD, $ASKED, $DISABLED, $TOLD) = ('/run/podium/held', '/run/podium/asked', '/etc/podium/disabled', '/run/podium/units');
my $TICKS = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my ($hup, $term) = (0, 0);
$SIG{HUP} = sub { $hup = 1 };
$SIG{USR1} = sub { };
$SIG{TERM} = $SIG{INT} = sub { $term = 1 };
$SIG{CHLD} = sub { };    # only so that nap() is interrupted
$| = 1;

mkdir $_ for '/run/podium', $HELD, $ASKED, $TOLD, '/var/log/podium';
for my $name (values %unit) { hold($name) if -e "$DISABLED/$name" }

# The host waits until it hears of the engine.
my ($dockerWasReady, $isBooting) = (0, 1);
until ($term) {
  reap();
  if ($hup) {
    $hup = 0;
    my $agent = $service{'node-agent'};
    stop('node-agent', 10) if $agent->{hadConfig};    # one without is waiting and sees the file by itself
    @$agent{qw(notBefore failures hadConfig)} = (0, 0, 1);
  }
  for my $name ('errands', 'dockerd', 'containerd', 'node-agent') {
    my $s = $service{$name};
    if ($unit{$name} && -e "$HELD/$unit{$name}") { rest($name); next }
    note($name, state => 'activating') if ($s->{told} // '') eq 'inactive';
    $s->{notBefore} = 0 if $unit{$name} && unlink "$ASKED/$unit{$name}";
    next if $s->{pid} || now() < ($s->{notBefore} // 0) || !$s->{wanted}->();
    start($name);
  }
  if (!$dockerWasReady && dockerAnswers()) { $dockerWasReady = 1; print "podium: docker answers\n" }
  elsif ($isBooting && -e "$HELD/docker") { print "podium: docker answers nobody, being disabled\n" }
  $isBooting = 0 if $dockerWasReady || -e "$HELD/docker";
  nap($isBooting ? 0.01 : 0.2);
}
print "podium: shutting down\n";
# Who gives pods time to end (shutdownGracePeriod) has it here; the host waits half a minute for all of it.
stop('node-agent', 25, 'PWR');
stop('containerd', 5);
stop('dockerd', 20);
kill 'KILL', -1;
exit 0;

sub start {
  my ($name) = @_;
  my $s = $service{$name};
  $s->{clean}->();
  my $pid = fork() // die "fork: $!";
  if (!$pid) {
    POSIX::setsid();
    $SIG{$_} = 'DEFAULT' for qw(HUP USR1 TERM INT CHLD);
    my $log = "/var/log/podium/$name.log";
    rename $log, "$log.1" if (-s $log // 0) > 5_000_000;
    open STDIN, '<', '/dev/null'; open STDOUT, '>>', $log or die $!; open STDERR, '>&', \*STDOUT;
    $| = 1;
    print said("Started $unit{$name}.service.") if $unit{$name};
    chdir '/';
    # glibc would give each of an agent's threads a heap of its own to hold on to: 2 MiB for nothing.
    $ENV{MALLOC_ARENA_MAX} = 1;
    exec @{$s->{command}} or do { print STDERR "$name: $!\n"; POSIX::_exit(127) };
  }
  @$s{qw(pid startedAt hadConfig)} = ($pid, now(), -e $CONFIG ? 1 : 0);
  note($name, state => 'active', pid => $pid, restarts => $s->{restarts} // 0);
}

sub reap {
  while ((my $pid = waitpid(-1, WNOHANG)) > 0) {
    for my $name (keys %service) {
      my $s = $service{$name};
      next unless ($s->{pid} // 0) == $pid;
      my $status = $? & 127 ? 'signal ' . ($? & 127) : 'status ' . ($? >> 8);
      delete $s->{pid};
      # Back-off 0.2 s doubling to 30 s; an hour of good behaviour is not needed to forgive, 30 s are.
      $s->{failures} = now() - $s->{startedAt} > 30 ? 1 : ($s->{failures} // 0) + 1;
      my $wait = 0.1 * 2 ** ($s->{failures} > 8 ? 8 : $s->{failures});
      $s->{notBefore} = now() + $wait;
      toldOf($name, $pid, $?) unless $term;
      print "podium: $name ended with $status, starting again in ${wait}s\n" unless $term || $s->{isStopping};
      $dockerWasReady = 0 if $name eq 'dockerd';
    }
  }
}

# Whoever is told to start again begins without back-off.
sub rest {
  my ($name) = @_;
  my $s = $service{$name};
  stop($name, 20);
  @$s{qw(notBefore failures restarts)} = (0, 0, 0);
  return if ($s->{told} // '') eq 'inactive';
  append($name, said("Stopped $unit{$name}.service."));
  note($name, state => 'inactive');
}

sub hold { open my $file, '>', "$HELD/$_[0]" or return; close $file }

sub toldOf {
  my ($name, $pid, $ended) = @_;
  my $s = $service{$name};
  return if !$unit{$name} || $s->{isStopping};
  my ($signal, $status) = ($ended & 127, $ended >> 8);
  my %how = $signal ? (result => 'signal', status => $signal) : (result => $status ? 'exit-code' : 'success', status => $status);
  $s->{restarts}++;
  append($name, map { said("$unit{$name}.service: $_") } (
    'Main process exited, code=' . ($signal ? 'killed' : 'exited') . ", status=$how{status}", "Failed with result '$how{result}'.",
    "Scheduled restart job, restart counter is at $s->{restarts}."));
  note($name, state => 'activating', last => $pid, restarts => $s->{restarts}, %how);
}

# Whole or not at all: it is read at any time.
sub note {
  my ($name, %what) = @_;
  my $unit = $unit{$name} or return;
  $service{$name}{told} = $what{state};
  open my $file, '>', "$TOLD/.$unit" or return;
  print $file map { "$_=$what{$_}\n" } (sort keys %what);
  print $file 'since=' . time . "\n";
  close $file;
  rename "$TOLD/.$unit", "$TOLD/$unit";
}

sub said { return POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime) . " podium[$$]: $_[0]\n" }

sub append {
  my ($name, @lines) = @_;
  open my $log, '>>', "/var/log/podium/$name.log" or return;
  print $log @lines;
  close $log;
}

sub stop {
  my ($name, $seconds, $signal) = @_;
  my $s = $service{$name};
  return unless $s->{pid};
  $s->{isStopping} = 1;
  kill $signal // 'TERM', $s->{pid};
  my $deadline = now() + $seconds;
  while ($s->{pid} && now() < $deadline) { reap(); nap(0.02) if $s->{pid} }
  if ($s->{pid}) { kill 'KILL', $s->{pid}; while ($s->{pid}) { reap(); nap(0.02) if $s->{pid} } }
  delete $s->{isStopping};
}

sub dockerAnswers {
  return 1 if $dockerWasReady;
  my $socket = IO::Socket::UNIX->new(Peer => $SOCKET) or return 0;
  print $socket "GET /_ping HTTP/1.0\r\n\r\n";
  my $line = <$socket> // '';
  return $line =~ / 200 /;
}

# Time::HiRes is not in perl-base: the monotonic clock in ticks of 10 ms, and select() to sleep for less than a second.
sub now { return (POSIX::times())[0] / $TICKS }
sub nap { select undef, undef, undef, $_[0] }
