using System.Collections.Concurrent;
using System.Diagnostics;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;

namespace Dpfah.Learning.Tests.Encoders;

public sealed class MicroBatcherTests : IDisposable
{
    private readonly DoublingWorker worker = new();

    public void Dispose() => worker.OpenGate();

    [Fact]
    public async Task Every_caller_gets_its_own_result()
    {
        await using MicroBatcher<int, int, int> batcher = Create(capacity: 1000);

        int[] results = await Task.WhenAll(
            Enumerable.Range(100, 1000).Select(i => Task.Run(() => batcher.RunAsync(i, EncodePriority.Query, CancellationToken.None))));

        Assert.Equal(Enumerable.Range(100, 1000).Select(i => 2 * i), results);
        Assert.All(worker.Batches, batch => Assert.InRange(batch.Length, 1, 4));
    }

    [Fact]
    public async Task Requests_that_come_while_a_batch_runs_share_the_next_batches()
    {
        await using MicroBatcher<int, int, int> batcher = Create(delay: TimeSpan.FromSeconds(1));
        worker.CloseGate();
        Task<int> first = batcher.RunAsync(0, EncodePriority.Query, CancellationToken.None);
        await worker.BatchBeganAsync();
        Task<int>[] others = [.. Enumerable.Range(1, 10).Select(i => batcher.RunAsync(i, EncodePriority.Query, CancellationToken.None))];
        worker.OpenGate();

        await Task.WhenAll([first, .. others]);

        Assert.Equal([1, 4, 4, 2], worker.Batches.Select(batch => batch.Length));
    }

    [Fact]
    public async Task A_lone_request_does_not_wait_for_company()
    {
        await using MicroBatcher<int, int, int> batcher = Create(delay: TimeSpan.FromSeconds(1));
        await batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        long start = Stopwatch.GetTimestamp();

        await batcher.RunAsync(2, EncodePriority.Query, CancellationToken.None);

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public async Task A_full_queue_turns_callers_away_at_once_and_keeps_what_it_accepted()
    {
        await using MicroBatcher<int, int, int> batcher = Create(capacity: 5);
        worker.CloseGate();
        var accepted = new List<Task<int>>();
        EncoderBusyException? busy = null;

        // Beside the queue a batch runs, a batch is prepared, and each prepare loop holds one request.
        int most = 5 + 4 + 4 + Environment.ProcessorCount;
        while (busy is null && accepted.Count <= most)
        {
            Task<int> task = batcher.RunAsync(accepted.Count + 100, EncodePriority.Query, CancellationToken.None);
            if (task.IsFaulted)
            {
                busy = await Assert.ThrowsAsync<EncoderBusyException>(() => task);
            }
            else
            {
                accepted.Add(task);
            }
        }

        Assert.NotNull(busy);
        Assert.InRange(busy.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.InRange(accepted.Count, 5, most);
        worker.OpenGate();
        Assert.Equal(accepted.Select((_, i) => 2 * (i + 100)), await Task.WhenAll(accepted));
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_released_at_once_and_never_computed()
    {
        await using MicroBatcher<int, int, int> batcher = Create();
        using var cancellation = new CancellationTokenSource();
        worker.CloseGate();
        Task<int> first = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        await worker.BatchBeganAsync();
        Task<int> second = batcher.RunAsync(2, EncodePriority.Query, cancellation.Token);
        Task<int> third = batcher.RunAsync(3, EncodePriority.Query, CancellationToken.None);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        worker.OpenGate();
        Assert.Equal((2, 6), (await first, await third));
        Assert.DoesNotContain(2, worker.Batches.SelectMany(batch => batch));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => batcher.RunAsync(4, EncodePriority.Query, cancellation.Token));
    }

    [Fact]
    public async Task A_request_that_cannot_be_prepared_fails_alone()
    {
        await using MicroBatcher<int, int, int> batcher = Create();

        Task<int>[] tasks = [.. ((int[])[1, -1, 2]).Select(i => batcher.RunAsync(i, EncodePriority.Query, CancellationToken.None))];

        Assert.Equal(2, await tasks[0]);
        Assert.Equal("negative", (await Assert.ThrowsAsync<InvalidDataException>(() => tasks[1])).Message);
        Assert.Equal(4, await tasks[2]);
    }

    [Fact]
    public async Task A_broken_batch_fails_its_own_callers_only()
    {
        await using MicroBatcher<int, int, int> batcher = Create(delay: TimeSpan.FromSeconds(1));
        worker.CloseGate();
        Task<int> first = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        await worker.BatchBeganAsync();
        Task<int>[] broken = [.. ((int[])[2, 13, 3, 4]).Select(i => batcher.RunAsync(i, EncodePriority.Query, CancellationToken.None))];
        worker.OpenGate();

        foreach (Task<int> task in broken)
        {
            Assert.Equal("thirteen", (await Assert.ThrowsAsync<InvalidOperationException>(() => task)).Message);
        }

        Assert.Equal(2, await first);
        Assert.Equal(10, await batcher.RunAsync(5, EncodePriority.Query, CancellationToken.None));
    }

    [Fact]
    public async Task Disposing_finishes_the_running_batch_and_fails_what_waits()
    {
        MicroBatcher<int, int, int> batcher = Create();
        worker.CloseGate();
        Task<int> running = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        await worker.BatchBeganAsync();
        Task<int>[] waiting = [.. Enumerable.Range(20, 30).Select(i => batcher.RunAsync(i, EncodePriority.Query, CancellationToken.None))];

        Task disposal = batcher.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.RunAsync(2, EncodePriority.Query, CancellationToken.None));
        worker.OpenGate();
        await disposal;

        Assert.Equal(2, await running);
        foreach (Task<int> task in waiting)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => task);
        }

        Assert.True(worker.IsDisposed);
        await batcher.DisposeAsync();
    }

    [Fact]
    public async Task One_thread_alone_starts_runs_and_disposes_the_worker()
    {
        MicroBatcher<int, int, int> batcher = Create();
        await Task.WhenAll(Enumerable.Range(100, 50).Select(i => batcher.RunAsync(i, EncodePriority.Query, CancellationToken.None)));
        await batcher.DisposeAsync();

        Assert.Single(worker.Threads.Distinct());
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, worker.Threads);
    }

    [Fact]
    public async Task Background_requests_wait_for_their_places_and_all_are_done()
    {
        await using MicroBatcher<int, int, int> batcher = Create(capacity: 1);

        int[] results = await Task.WhenAll(
            Enumerable.Range(100, 500).Select(i => Task.Run(() => batcher.RunAsync(i, EncodePriority.Background, CancellationToken.None))));

        Assert.Equal(Enumerable.Range(100, 500).Select(i => 2 * i), results);
        Assert.Contains(worker.Batches, batch => batch.Length == 4);
    }

    [Fact]
    public async Task A_query_goes_before_all_background_requests_and_alone()
    {
        await using MicroBatcher<int, int, int> batcher = Create(delay: TimeSpan.FromSeconds(1));
        worker.CloseGate();
        Task<int>[] background = [.. Enumerable.Range(100, 50).Select(i => batcher.RunAsync(i, EncodePriority.Background, CancellationToken.None))];
        await worker.BatchBeganAsync();
        Task<int> query = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        worker.OpenGate();

        Assert.Equal(2, await query);
        await Task.WhenAll(background);
        int[][] batches = [.. worker.Batches];
        Assert.Equal([1], batches[1]);
        // A query came a moment ago: the next one would not wait for a full batch.
        Assert.Single(batches[2]);
    }

    [Fact]
    public async Task Disposing_fails_background_requests_that_wait_for_a_place()
    {
        MicroBatcher<int, int, int> batcher = Create();
        worker.CloseGate();
        Task<int>[] waiting = [.. Enumerable.Range(100, 50).Select(i => batcher.RunAsync(i, EncodePriority.Background, CancellationToken.None))];
        await worker.BatchBeganAsync();

        Task disposal = batcher.DisposeAsync().AsTask();
        worker.OpenGate();
        await disposal;

        int done = 0;
        foreach (Task<int> task in waiting)
        {
            try
            {
                await task;
                done++;
            }
            catch (ObjectDisposedException)
            {
            }
        }

        Assert.InRange(done, 1, 4);
    }

    [Fact]
    public async Task A_background_request_that_gives_up_makes_room_for_others()
    {
        await using MicroBatcher<int, int, int> batcher = Create();
        using var cancellation = new CancellationTokenSource();
        worker.CloseGate();
        Task<int>[] given = [.. Enumerable.Range(100, 50).Select(i => batcher.RunAsync(i, EncodePriority.Background, cancellation.Token))];
        await worker.BatchBeganAsync();
        await cancellation.CancelAsync();
        Task<int> other = batcher.RunAsync(1, EncodePriority.Background, CancellationToken.None);
        worker.OpenGate();

        Assert.Equal(2, await other);
        foreach (Task<int> task in given)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        }
    }

    [Fact]
    public async Task Other_work_is_done_alone_on_the_batcher_s_thread_after_queries_and_before_background_requests()
    {
        var order = new ConcurrentQueue<string>();
        await using MicroBatcher<int, int, int> batcher = Create();
        worker.CloseGate();
        Task<int>[] background = [.. Enumerable.Range(100, 9).Select(i => batcher.RunAsync(i, EncodePriority.Background, CancellationToken.None))];
        await worker.BatchBeganAsync();
        int before = worker.Batches.Count;
        Task<int> other = batcher.RunAloneAsync(
            () =>
            {
                order.Enqueue($"other after {worker.Batches.Count - before}, last {worker.Batches.Last()[0]}");
                return Environment.CurrentManagedThreadId;
            },
            CancellationToken.None);
        Task<int> query = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        worker.OpenGate();

        Assert.Contains(await other, worker.Threads);
        Assert.Equal(2, await query);
        await Task.WhenAll(background);
        Assert.Equal(["other after 1, last 1"], order);
        Assert.Single(worker.Threads.Distinct());
    }

    [Fact]
    public async Task Other_work_that_fails_or_is_given_up_harms_nobody()
    {
        await using MicroBatcher<int, int, int> batcher = Create();
        using var cancellation = new CancellationTokenSource();
        worker.CloseGate();
        Task<int> query = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        await worker.BatchBeganAsync();
        Task<int> broken = batcher.RunAloneAsync<int>(() => throw new InvalidOperationException("broken"), CancellationToken.None);
        bool ran = false;
        Task<int> given = batcher.RunAloneAsync(
            () =>
            {
                ran = true;
                return 0;
            },
            cancellation.Token);
        await cancellation.CancelAsync();
        worker.OpenGate();

        Assert.Equal(2, await query);
        Assert.Equal("broken", (await Assert.ThrowsAsync<InvalidOperationException>(() => broken)).Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(7, await batcher.RunAloneAsync(() => 7, CancellationToken.None));
        Assert.Equal(4, await batcher.RunAsync(2, EncodePriority.Query, CancellationToken.None));
        Assert.False(ran);
    }

    [Fact]
    public async Task Too_much_other_work_is_turned_away_and_a_batcher_that_ends_fails_what_waits()
    {
        MicroBatcher<int, int, int> batcher = Create();
        worker.CloseGate();
        Task<int> query = batcher.RunAsync(1, EncodePriority.Query, CancellationToken.None);
        await worker.BatchBeganAsync();
        Task<int>[] waiting = [.. Enumerable.Range(0, 33).Select(i => batcher.RunAloneAsync(() => i, CancellationToken.None))];
        Assert.InRange((await Assert.ThrowsAsync<EncoderBusyException>(() => waiting[32])).RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

        Task disposal = batcher.DisposeAsync().AsTask();
        worker.OpenGate();
        await disposal;

        Assert.Equal(2, await query);
        foreach (Task<int> task in waiting[..32])
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => task);
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.RunAloneAsync(() => 1, CancellationToken.None));
    }

    [Fact]
    public void A_worker_that_cannot_start_tells_the_one_who_opens_it()
    {
        var broken = new DoublingWorker { FailsAtStart = true };

        var error = Assert.Throws<InvalidDataException>(() => new MicroBatcher<int, int, int>(broken, new BatchingOptions(), "test"));
        Assert.Equal("no model", error.Message);
        Assert.True(broken.IsDisposed);
    }

    [Theory]
    [InlineData(0, 8, 2)]
    [InlineData(256, 0, 2)]
    [InlineData(256, 8, -1)]
    [InlineData(256, 8, 1001)]
    public void Options_out_of_range_are_refused(int capacity, int batchSize, int delayMilliseconds)
    {
        TimeSpan delay = TimeSpan.FromMilliseconds(delayMilliseconds);
        var options = new BatchingOptions { QueueCapacity = capacity, BatchSize = batchSize, BatchDelay = delay };
        Assert.Throws<ArgumentOutOfRangeException>(() => new MicroBatcher<int, int, int>(worker, options, "test"));
    }

    private MicroBatcher<int, int, int> Create(int capacity = 64, TimeSpan? delay = null)
    {
        var options = new BatchingOptions { QueueCapacity = capacity, BatchSize = 4, BatchDelay = delay ?? TimeSpan.FromMilliseconds(2) };
        return new MicroBatcher<int, int, int>(worker, options, "test");
    }
}
