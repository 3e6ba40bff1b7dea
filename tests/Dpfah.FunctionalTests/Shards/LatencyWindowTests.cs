using Dpfah.Cluster;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>After how long another copy of a shard is asked.</summary>
public class LatencyWindowTests
{
    private const int Size = 512;

    [Fact]
    public void The_percentile_is_that_of_the_times_once_enough_are_known()
    {
        var window = new LatencyWindow();
        for (int ms = 119; ms > 100; ms--)
        {
            window.Add(TimeSpan.FromMilliseconds(ms));
            Assert.Equal(TimeSpan.FromMilliseconds(20), window.Percentile95);
        }

        window.Add(TimeSpan.FromMilliseconds(120));

        // Of 20 times 19 are shorter.
        Assert.Equal(TimeSpan.FromMilliseconds(120), window.Percentile95);
    }

    [Fact]
    public void Times_that_are_longer_ago_than_the_window_are_forgotten()
    {
        var window = new LatencyWindow();
        for (int ms = Size; ms > 0; ms--)
        {
            window.Add(TimeSpan.FromMilliseconds(ms));
        }

        // 486 of 512 times are shorter.
        Assert.Equal(TimeSpan.FromMilliseconds(487), window.Percentile95);

        for (int n = 0; n < 3 * Size; n++)
        {
            window.Add(TimeSpan.FromMilliseconds(n < Size ? 5 : 7));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(7), window.Percentile95);
        for (int n = 0; n < Size / 2; n++)
        {
            window.Add(TimeSpan.FromMilliseconds(3));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(7), window.Percentile95);
        for (int n = 0; n < Size / 2; n++)
        {
            window.Add(TimeSpan.FromMilliseconds(3));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(3), window.Percentile95);
    }
}
