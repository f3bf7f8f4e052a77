# SPDX-License-Identifier: Apache-2.0
# Copies that answer over pipes, a pipe from a command, a lock of a file, a signal's handler.
use strict; use warnings; use Fcntl ':flock'; use Digest::MD5 'md5_hex';
my ($all, $ended, @readers) = ('', 0);
$SIG{USR1} = sub { $all .= 'u'; };
open(my $lock, '>', 'lock') or die;
for my $n (1 .. 3) {
  pipe(my $reader, my $writer) or die;
  my $pid = fork() // die;
  if ($pid == 0) {
    close $reader; my $digest = "$n";
    for my $i (1 .. 800000) { $digest = md5_hex($digest . $i x 50); print $writer "$digest\n" if $i % 20000 == 0; }
    close $writer; exit $n;
  }
  close $writer; push @readers, [$pid, $reader];
}
for my $entry (@readers) {
  my ($pid, $reader) = @$entry;
  while (my $line = <$reader>) { flock($lock, LOCK_EX); $all .= $line; flock($lock, LOCK_UN); kill 'USR1', $$ if length($all) % 7 == 0; }
  waitpid($pid, 0) == $pid or die "lost child $pid: $!"; $ended += $? >> 8;
}
open(my $command, '-|', 'seq 1 20000 | sort -n | tail -n 3') or die;
my @last = <$command>; close $command;
$all =~ s/u//g;
print md5_hex($all), " $ended @last";
