using System.Diagnostics;
using Dpfah.Engine.Telemetry;

namespace Dpfah.FunctionalTests.Telemetry;

/// <summary>The age of what searches see.</summary>
public sealed class IndexLagTests
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    [Fact]
    public void What_was_applied_to_the_end_is_as_old_as_the_look_at_it()
    {
        var lag = new IndexLag();

        lag.Look(SecondsAgo(100), 10);
        lag.Reach(10, 10);

        Assert.Equal(0, lag.Positions);
        AssertAge(100, lag);
    }

    [Fact]
    public void A_transaction_that_holds_the_log_back_shows_whatever_is_committed_meanwhile()
    {
        var lag = new IndexLag();
        lag.Look(SecondsAgo(300), 10);
        lag.Reach(10, 10);
        for (ulong i = 1; i <= 100; i++)
        {
            lag.Look(SecondsAgo(200 - (int)i), 10 + i);
            lag.Reach(10, 10 + i);
        }

        Assert.Equal(100, lag.Positions);
        AssertAge(300, lag);

        lag.Reach(60, 110);
        Assert.Equal(50, lag.Positions);
        AssertAge(150, lag);

        lag.Reach(111, 111);
        Assert.Equal(0, lag.Positions);
        AssertAge(100, lag);
    }

    [Fact]
    public void A_node_that_goes_on_reading_is_not_silent_however_long_others_hold_the_log_back()
    {
        var lag = new IndexLag();
        lag.Look(SecondsAgo(300), 10);
        lag.Reach(10, 10);
        lag.Look(SecondsAgo(200), 20);
        lag.Reach(10, 20);

        AssertAge(300, lag);
        Assert.InRange(lag.Silence, TimeSpan.Zero, Slack);
    }

    [Fact]
    public void Looks_without_progress_take_no_memory_without_end()
    {
        var lag = new IndexLag();
        for (ulong i = 1; i <= 100_000; i++)
        {
            lag.Look(SecondsAgo(50), i);
        }

        lag.Reach(100_001, 100_001);
        Assert.Equal(0, lag.Positions);
        AssertAge(50, lag);
    }

    private static long SecondsAgo(int seconds) => Stopwatch.GetTimestamp() - (seconds * Stopwatch.Frequency);

    private static void AssertAge(int seconds, IndexLag lag) =>
        Assert.InRange(lag.Age, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds) + Slack);
}
