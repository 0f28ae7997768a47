# Debian's libredis-perl (Redis.pm).
use strict;
use warnings;
use Redis;

my $BINARY = "\0\r\n\xff\$";

sub check { my ($condition, $what) = @_; die 'failed: ' . ($what // '') unless $condition }

sub rejects {
  my ($text, $call) = @_;
  check(!eval { $call->(); 1 } && $@ =~ $text, $@);
}

sub connect_ {
  return Redis->new(server => "127.0.0.1:$ENV{DUET_PORT}", name => 'matrix', reconnect => 20,
                    every => 50_000, read_timeout => 20);
}

sub values_ {
  my $client = shift;
  check($client->ping eq 'PONG');
  check($client->set('k', 'v', 'EX', 100) eq 'OK');
  check($client->get('k') eq 'v' && $client->ttl('k') > 90);
  $client->set('binary', $BINARY);
  check($client->get('binary') eq $BINARY);
  my @found = $client->mget('k', 'missing');
  check($found[0] eq 'v' && !defined $found[1]);
  rejects(qr/not an integer/, sub { $client->incr('k') });
  check($client->info->{redis_version});
  check($client->client_getname eq 'matrix');
}

sub pipeline {
  my $client = shift;
  my @results;
  for my $i (0 .. 999) {
    $client->set("key:$i", $i, sub { push @results, $_[0] });
    $client->incr("key:$i", sub { push @results, $_[0] });
  }
  $client->wait_all_responses;
  check("@results" eq join(' ', map { ('OK', $_) } 1 .. 1000));
  my ($cursor, %found) = (0);
  do {
    ($cursor, my $keys) = $client->scan($cursor, 'MATCH', 'key:*', 'COUNT', 50);
    $found{$_} = 1 for @$keys;
  } while ($cursor);
  check(keys %found == 1000);
}

sub transaction {
  my ($client, $other) = @_;
  $client->multi;
  $client->set('t', 1);
  $client->incr('t');
  $client->get('t');
  my @results = $client->exec;
  check("@results" eq 'OK 2 2', "@results");
  $client->watch('t');
  $other->set('t', 'changed');
  $client->multi;
  $client->set('t', 'lost');
  check(!defined scalar $client->exec);
  check($client->get('t') eq 'changed');
}

sub publish {
  my $client = shift;
  my @seen;
  my $subscriber = connect_();
  $subscriber->subscribe('news', sub { push @seen, [@_] });
  $subscriber->psubscribe('n?ws', sub { push @seen, [@_] });
  check($client->publish('news', 'hello') == 2);
  $subscriber->wait_for_messages(1) while @seen < 2;
  check(join('|', map { "@$_" } @seen) eq 'hello news news|hello news n?ws');
}

my ($client, $other) = (connect_(), connect_());
values_($client);
pipeline($client);
transaction($client, $other);
publish($client);
$| = 1;
print "restart\n";
<STDIN>;
check(!defined $client->get('k'));    # connects again by itself
check($client->set('k', 'after') eq 'OK' && connect_()->get('k') eq 'after');
