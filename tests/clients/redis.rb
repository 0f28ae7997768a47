# Debian's ruby-redis.
require "redis"
require "timeout"

BINARY = "\0\r\n\xFF$".b

def check(condition, what = "")
  raise "failed: #{what}" unless condition
end

def rejects(kind, text)
  yield
rescue kind => e
  check(e.message =~ text, e.message)
else
  raise "no #{kind}"
end

def eventually
  Timeout.timeout(20) { sleep 0.01 until yield }
end

def connect
  Redis.new(host: "127.0.0.1", port: ENV["DUET_PORT"].to_i, reconnect_attempts: 20,
            reconnect_delay: 0.05, id: "matrix")
end

def values(client)
  check(client.ping == "PONG")
  check(client.set("k", "v", ex: 100) == "OK")
  check(client.get("k") == "v" && client.ttl("k") > 90)
  client.set("binary", BINARY)
  check(client.get("binary").b == BINARY)
  check(client.mget("k", "missing") == ["v", nil])
  check(client.mapped_mget("k", "missing") == { "k" => "v", "missing" => nil })
  rejects(Redis::CommandError, /not an integer/) { client.incr("k") }
  check(client.info["redis_version"])
end

def pipeline(client)
  results = client.pipelined do |batch|
    1000.times { |i| batch.set("key:#{i}", i) && batch.incr("key:#{i}") }
  end
  check(results == (1..1000).flat_map { |i| ["OK", i] })
  check(client.scan_each(match: "key:*", count: 50).to_a.uniq.size == 1000)
end

def transaction(client, other)
  results = client.multi { |t| t.set("t", 1) && t.incr("t") && t.get("t") }
  check(results == ["OK", 2, "2"], results)
  aborted = client.watch("t") do
    other.set("t", "changed")
    client.multi { |t| t.set("t", "lost") }
  end
  check(aborted.nil? && client.get("t") == "changed")
  rejects(Redis::CommandError, /not an integer/) { client.multi { |t| t.incr("t") } }
end

def publish(client)
  seen = []
  ready = Queue.new
  subscriber = Thread.new do
    connect.subscribe("news", "end") do |on|
      on.subscribe { |_, count| ready << count }
      on.message do |channel, message|
        seen << [channel, message]
        throw :done if channel == "end"
      end
    end
  rescue UncaughtThrowError
    nil
  end
  Timeout.timeout(20) { 2.times { ready.pop } }
  check(client.publish("news", "hello") == 1)
  check(client.publish("end", "bye") == 1)
  check(subscriber.join(20))
  check(seen == [%w[news hello], %w[end bye]], seen)
end

client = connect
other = connect
values(client)
pipeline(client)
transaction(client, other)
publish(client)
puts "restart"
$stdout.flush
$stdin.gets
eventually do
  client.get("k").nil?
rescue Redis::BaseConnectionError
  false
end
check(client.set("k", "after") == "OK" && other.get("k") == "after")
