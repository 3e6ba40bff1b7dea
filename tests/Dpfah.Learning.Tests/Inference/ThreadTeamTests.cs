using Dpfah.Learning.Inference;

namespace Dpfah.Learning.Tests.Inference;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Each_item_is_done_once_in_every_round(int threads)
    {
        using var team = new ThreadTeam(threads);
        foreach (int items in Enumerable.Range(1, 300))
        {
            var times = new int[items];
            team.For(items, (thread, first, last) =>
            {
                Assert.InRange(thread, 0, threads - 1);
                for (int i = first; i < last; i++)
                {
                    Interlocked.Increment(ref times[i]);
                }
            });

            Assert.All(times, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Helpers_that_went_to_sleep_work_again()
    {
        using var team = new ThreadTeam(2);
        for (int round = 0; round < 5; round++)
        {
            Thread.Sleep(20);
            using var both = new Barrier(2);

            // Two shares that wait for each other: one thread alone would not end.
            team.For(8, (_, first, _) => Assert.True(first > 1 || both.SignalAndWait(TimeSpan.FromSeconds(30))));
        }
    }

    [Fact]
    public void A_failure_of_a_share_reaches_the_caller_and_the_team_goes_on()
    {
        using var team = new ThreadTeam(3);

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => team.For(30, (_, first, _) => throw new FormatException($"{first}")));

        Assert.IsType<FormatException>(error.InnerException);
        int done = 0;
        team.For(30, (_, first, last) => Interlocked.Add(ref done, last - first));
        Assert.Equal(30, done);
    }
}
