<?php
// Debian's php-redis (phpredis).
const BINARY = "\0\r\n\xff$";

function check($condition, $what = '')
{
    if (!$condition) {
        throw new Exception('failed: ' . json_encode($what));
    }
}

function connect()
{
    $client = new Redis();
    $client->connect('127.0.0.1', (int) getenv('DUET_PORT'), 20.0);
    $client->setOption(Redis::OPT_READ_TIMEOUT, 20);
    $client->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
    return $client;
}

function values($client)
{
    check($client->ping());
    check($client->set('k', 'v', ['nx', 'ex' => 100]));
    check($client->get('k') === 'v' && $client->ttl('k') > 90);
    $client->set('binary', BINARY);
    check($client->get('binary') === BINARY);
    check($client->mGet(['k', 'missing']) === ['v', false]);
    check($client->incr('k') === false && str_contains($client->getLastError(), 'not an integer'));
    $client->clearLastError();
    check($client->info()['redis_version'] !== '');
    check($client->config('GET', 'databases') == ['databases' => '16']);
}

function pipeline($client)
{
    $batch = $client->multi(Redis::PIPELINE);
    for ($i = 0; $i < 1000; $i++) {
        $batch->set("key:$i", $i)->incr("key:$i");
    }
    foreach ($batch->exec() as $i => $value) {
        check($value === ($i % 2 ? ($i + 1) / 2 : true), $value);
    }
    $found = [];
    $cursor = null;
    while ($keys = $client->scan($cursor, 'key:*', 50)) {
        $found += array_flip($keys);
    }
    check(count($found) === 1000, count($found));
}

function transaction($client, $other)
{
    $results = $client->multi()->set('t', 1)->incr('t')->get('t')->exec();
    check($results === [true, 2, '2'], $results);
    $client->watch('t');
    $other->set('t', 'changed');
    check($client->multi()->set('t', 'lost')->exec() === false);
    check($client->get('t') === 'changed');
}

// A child sends, and ends subscribe(), which keeps its process for as long as the connection lives.
function publish()
{
    $child = pcntl_fork();
    if ($child === 0) {
        $sender = connect();
        while ($sender->publish('news', 'hello') === 0) {
            usleep(1000);
        }
        $sender->rawCommand('CLIENT', 'KILL', 'TYPE', 'pubsub');
        posix_kill(getmypid(), SIGKILL); // without PHP's own end, which would close our connections
    }
    $seen = [];
    $subscriber = connect();
    try {
        $subscriber->subscribe(['news'], function ($client, $channel, $message) use (&$seen) {
            $seen[] = [$channel, $message];
        });
        check(false, 'subscribe() ended by itself');
    } catch (RedisException $killed) {
        check($seen === [['news', 'hello']], [$seen, $killed->getMessage()]);
    }
    pcntl_waitpid($child, $status);
}

$client = connect();
$other = connect();
values($client);
pipeline($client);
transaction($client, $other);
publish();
echo "restart\n";
fgets(STDIN);
for ($end = time() + 20; ;) {
    try {
        if ($client->get('k') === false && $client->getLastError() === null) {
            break;
        }
    } catch (RedisException $lost) {
        check(time() < $end, $lost->getMessage());
        usleep(10000);
    }
}
check($client->set('k', 'after') && connect()->get('k') === 'after');
