using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Dpfah.Cluster;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Dpfah.Engine.Telemetry;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Which copies of a shard are asked, and when, of nodes that answer as the test says.</summary>
public sealed class ShardRouterTests : IDisposable
{
    // What is not waited for: a test that waits for it fails.
    private static readonly TimeSpan Forever = TimeSpan.FromMinutes(1);

    // A timer may be early by its own step.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private static readonly ShardedGeneration OneShard = new(1, new ShardLayout(1, 2));
    private static readonly IndexQuery<IndexedItem> Query = new() { Code = BinaryCode.FromBytes(new byte[8]), K = 1 };
    private static readonly byte[] NothingFound = ShardWire.Write([new IndexAnswer<IndexedItem> { Neighbors = [], Counts = new long[65] }], null);

    private readonly TaskCompletionSource<ShardReply> never = new();
    private readonly Counted counted = new();
    private readonly FakeNodes nodes = new();

    [Fact]
    public async Task A_copy_that_takes_longer_than_most_is_asked_beside_another_whose_answer_is_taken()
    {
        TimeSpan usual = TimeSpan.FromMilliseconds(200);
        ShardRouter router = RouterOf(nodes, Forever);
        await LearnAsync(router, nodes, usual);
        nodes.Answer(call => call.Number == 1 ? never.Task : Task.FromResult(ReplyOf(call)));

        ShardAnswers found = await SearchAsync(router, OneShard);

        Call[] calls = nodes.Calls;
        Assert.Equal(2, calls.Length);
        Assert.NotEqual(calls[0].Name.Replica, calls[1].Name.Replica);
        Assert.InRange(Stopwatch.GetElapsedTime(calls[0].At, calls[1].At), usual - Step, Forever);
        Assert.NotNull(found.Answers.Single());
        Assert.Equal(ReplyOf(calls[1]).Position, found.Position);
        Assert.Equal((1, 0), (counted.Hedges, counted.Missing));
    }

    [Fact]
    public async Task The_first_answer_is_taken_also_when_it_is_that_of_the_slow_copy()
    {
        ShardRouter router = RouterOf(nodes, Forever);
        var slow = new TaskCompletionSource<ShardReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes.Answer(call =>
        {
            if (call.Number == 1)
            {
                return slow.Task;
            }

            slow.SetResult(ReplyOf(nodes.Calls[0]));
            return never.Task;
        });

        ShardAnswers found = await SearchAsync(router, OneShard);

        Assert.Equal(ReplyOf(nodes.Calls[0]).Position, found.Position);
        Assert.Equal((1, 0), (counted.Hedges, counted.Missing));
    }

    [Fact]
    public async Task When_a_copy_fails_the_next_is_asked_at_once()
    {
        const int Searches = 5;
        TimeSpan usual = TimeSpan.FromMilliseconds(450);
        ShardRouter router = RouterOf(nodes, Forever);
        await LearnAsync(router, nodes, usual);

        var least = TimeSpan.MaxValue;
        for (int n = 0; n < Searches; n++)
        {
            nodes.Answer(call => call.Number == 1 ? Task.FromException<ShardReply>(new TimeoutException()) : Task.FromResult(ReplyOf(call)));

            ShardAnswers found = await SearchAsync(router, OneShard);

            Call[] calls = nodes.Calls;
            Assert.Equal(2, calls.Length);
            Assert.NotEqual(calls[0].Name.Replica, calls[1].Name.Replica);
            Assert.Equal(ReplyOf(calls[1]).Position, found.Position);
            TimeSpan between = Stopwatch.GetElapsedTime(calls[0].At, calls[1].At);
            least = between < least ? between : least;
        }

        // A busy machine may hold one of them up, not each.
        Assert.InRange(least, TimeSpan.Zero, usual - Step);
        Assert.Equal((Searches, 0), (counted.Hedges, counted.Missing));
    }

    [Fact]
    public async Task A_shard_of_which_no_copy_answers_in_time_is_missing_and_the_others_are_there()
    {
        TimeSpan timeout = TimeSpan.FromSeconds(1);
        ShardRouter router = RouterOf(nodes, timeout);
        nodes.Answer(call => call.Name.Key.Shard == 1 ? never.Task : Task.FromResult(ReplyOf(call)));
        var clock = Stopwatch.StartNew();

        ShardAnswers found = await SearchAsync(router, new ShardedGeneration(1, new ShardLayout(3, 2)));

        Assert.InRange(clock.Elapsed, timeout - Step, Forever);
        Assert.Equal([true, false, true], found.Answers.Select(answer => answer is not null));
        Assert.Equal((false, false), (found.Switched, found.Behind));
        Assert.Equal([0, 1], nodes.Calls.Where(call => call.Name.Key.Shard == 1).Select(call => call.Name.Replica).Order());
        Assert.Equal(1, counted.Missing);
    }

    [Fact]
    public async Task A_shard_that_was_missing_is_waited_for_briefly_until_it_is_there_again()
    {
        // With a position to wait for, a search has a minute more than without.
        ShardRouter router = RouterOf(nodes, TimeSpan.FromMilliseconds(500), Forever);
        nodes.Answer(_ => never.Task);
        Assert.Null((await SearchAsync(router, OneShard)).Answers[0]);

        var clock = Stopwatch.StartNew();
        Assert.Null((await SearchAsync(router, OneShard, mayWait: true)).Answers[0]);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Forever / 2);
        Assert.Equal(2, counted.Missing);

        // It says that it is there: what takes longer than the brief time is waited for.
        nodes.Answer(LateAsync);
        nodes.AreLoaded = true;
        router.Keep([OneShard]);
        await router.LookAsync(CancellationToken.None);
        Assert.NotNull((await SearchAsync(router, OneShard, mayWait: true)).Answers[0]);

        // It has answered, which is enough.
        nodes.AreLoaded = false;
        await router.LookAsync(CancellationToken.None);
        Assert.NotNull((await SearchAsync(router, OneShard, mayWait: true)).Answers[0]);
        Assert.Equal(2, counted.Missing);

        static async Task<ShardReply> LateAsync(Call call)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(700));
            return ReplyOf(call);
        }
    }

    [Fact]
    public async Task A_node_is_asked_once_for_all_shards_for_which_it_is_the_first()
    {
        ShardRouter router = RouterOf(nodes, Forever);
        nodes.Answer(call => Task.FromResult(ReplyOf(call)));

        Assert.DoesNotContain(null, (await SearchAsync(router, new ShardedGeneration(1, new ShardLayout(8, 1)))).Answers);
        Assert.Equal((8, 1), (nodes.Calls.Length, nodes.Messages));

        // An answer holds neighbors of no more shards than go into a message.
        nodes.Answer(call => Task.FromResult(ReplyOf(call)));
        IndexQuery<IndexedItem> wide = new() { Code = Query.Code, K = 1_000 };
        Assert.DoesNotContain(null, (await router.SearchAsync(new ShardedGeneration(1, new ShardLayout(20, 1)), [wide], null, 0, false, CancellationToken.None)).Answers);
        Assert.Equal((20, 3), (nodes.Calls.Length, nodes.Messages));
    }

    [Fact]
    public async Task A_node_that_has_failed_a_moment_ago_is_asked_last()
    {
        ShardRouter router = RouterOf(nodes, Forever);
        nodes.Answer(call => call.Name.Replica == 0 ? Task.FromException<ShardReply>(new TimeoutException()) : Task.FromResult(ReplyOf(call)));
        var clock = Stopwatch.StartNew();
        for (int n = 0; n < 10; n++)
        {
            Assert.NotNull((await SearchAsync(router, OneShard)).Answers[0]);
        }

        // In turn it would be asked first by five of them. It is suspected for two seconds.
        Assert.InRange(nodes.Calls.Count(call => call.Name.Replica == 0), 1, 1 + (int)(clock.Elapsed / TimeSpan.FromSeconds(2)));
    }

    /// <inheritdoc/>
    public void Dispose() => counted.Dispose();

    private static ShardRouter RouterOf(FakeNodes nodes, TimeSpan shardTimeout, TimeSpan positionTimeout = default)
    {
        var options = new ClusterOptions { Address = new IPEndPoint(IPAddress.Loopback, 1), ConnectionString = "", ShardTimeout = shardTimeout };
        var router = new ShardRouter(options, positionTimeout);
        router.Attach(nodes);
        return router;
    }

    private static Task<ShardAnswers> SearchAsync(ShardRouter router, ShardedGeneration generation, bool mayWait = false) =>
        router.SearchAsync(generation, [Query], null, 0, mayWait, CancellationToken.None);

    /// <summary>Shows a router as many answers as it needs to know how long they take.</summary>
    private static async Task LearnAsync(ShardRouter router, FakeNodes nodes, TimeSpan time)
    {
        nodes.Answer(async call =>
        {
            await Task.Delay(time);
            return ReplyOf(call);
        });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SearchAsync(router, new ShardedGeneration(1, new ShardLayout(1, 1)))));
    }

    /// <summary>An answer by whose position one knows the copy.</summary>
    private static ShardReply ReplyOf(Call call) => new(ShardOutcome.Answered, NothingFound, 100UL + (ulong)call.Name.Replica);

    /// <summary>A request to a copy.</summary>
    /// <param name="Number">Which one it was, from 1.</param>
    /// <param name="Name">The copy.</param>
    /// <param name="At">When it came.</param>
    private sealed record Call(int Number, ShardName Name, long At);

    /// <summary>A node for each copy, none of them this one.</summary>
    private sealed class FakeNodes : IClusterView
    {
        private readonly ConcurrentQueue<Call> calls = [];
        private volatile Func<Call, Task<ShardReply>>? answer;
        private int count, messages;

        /// <summary>How many messages the calls came in.</summary>
        public int Messages => messages;

        public bool AreLoaded { get; set; }

        public Call[] Calls => [.. calls];

        public string Local => "here";

        /// <summary>Says how they answer from now on, and forgets what they were asked.</summary>
        public void Answer(Func<Call, Task<ShardReply>> by)
        {
            calls.Clear();
            (count, messages, answer) = (0, 0, by);
        }

        public IReadOnlyList<Task<ShardReply>> Search(IReadOnlyList<ShardName> names, ShardRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref messages);
            return [.. names.Select(name =>
            {
                var call = new Call(Interlocked.Increment(ref count), name, Stopwatch.GetTimestamp());
                calls.Enqueue(call);
                return answer!(call);
            })];
        }

        public Task<ShardReport> ReportAsync(ShardName name) => Task.FromResult(new ShardReport(NodeOf(name), AreLoaded, 0, 0, 0, 0));

        public string NodeOf(ShardName name) => $"node {name.Replica}";
    }

    /// <summary>What the router counts: no other test of this process has one.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentDictionary<string, long> sums = new(StringComparer.Ordinal);

        public Counted()
        {
            listener.InstrumentPublished = (instrument, its) =>
            {
                if (instrument.Meter.Name == EngineTelemetry.Name && instrument.Name.StartsWith("dpfah.shards.", StringComparison.Ordinal))
                {
                    its.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
            listener.Start();
        }

        public int Hedges => (int)sums.GetValueOrDefault("dpfah.shards.hedges");

        public int Missing => (int)sums.GetValueOrDefault("dpfah.shards.missing");

        public void Dispose() => listener.Dispose();
    }
}
