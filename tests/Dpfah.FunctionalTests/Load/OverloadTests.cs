using System.Net;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Load;

/// <summary>Ten times as many searches as the network can compute: it goes on computing, and who is too many hears so at once.</summary>
public sealed class OverloadTests
{
    private const int Factor = 10;
    private const int PictureMilliseconds = 20;
    private const double LeastShare = 0.8;
    private const double MostGrowth = 1.1;

    private static readonly TimeSpan PeakTime = TimeSpan.FromSeconds(LongForm.Choose(3, 20));
    private static readonly TimeSpan OverloadTime = TimeSpan.FromSeconds(LongForm.Choose(10, 60));

    // Pictures that may wait before the network.
    private const int Queue = 256;

    [Fact]
    [Trait(LongForm.Trait, "overload")]
    public async Task At_ten_times_the_rate_that_it_can_sustain_the_service_does_what_it_can_and_refuses_the_rest()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database, new Dictionary<string, string?>
        {
            [BatchedHashEncoder.TimeVariable] = $"{PictureMilliseconds}",
            [HostProcess.IsolateDecoder] = "true",
            ["Logging__LogLevel__Dpfah"] = "Error",
        });
        await service.WaitUntilReadyAsync();
        using var client = new ApiClient(service.BaseAddress);
        for (int i = 0; i < 20; i++)
        {
            await client.AddAsync("default", $"{i}", Pictures.Png(i));
        }

        using var load = new OpenLoad(service.BaseAddress, Pictures.LargeJpeg(1));
        IReadOnlyCollection<OpenLoad.Outcome> alone = await load.RunClosedAsync(16, PeakTime);
        Assert.All(alone, outcome => Assert.Equal(HttpStatusCode.OK, outcome.Status));
        double peak = alone.Count / alone.Max(outcome => outcome.Answered).TotalSeconds;

        // The first seconds fill pools and queues.
        await load.RunOpenAsync(Factor * peak, OverloadTime / 5);
        await using var watch = new ProcessWatch(service);
        IReadOnlyCollection<OpenLoad.Outcome> all = await load.RunOpenAsync(Factor * peak, OverloadTime);
        IReadOnlyList<ProcessWatch.Sample> samples = await watch.StopAsync();

        OpenLoad.Outcome[] answered = [.. all.Where(outcome => outcome.Status == HttpStatusCode.OK)];
        double goodput = answered.Count(outcome => outcome.Answered <= OverloadTime) / OverloadTime.TotalSeconds;
        TimeSpan p99 = answered.Length == 0 ? TimeSpan.MaxValue : answered.Select(outcome => outcome.Took).Order().ElementAt(answered.Length * 99 / 100);
        OpenLoad.Outcome[] refused = [.. all.Where(outcome => outcome.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)];
        TimeSpan refusedIn = refused.Length == 0 ? TimeSpan.Zero : refused.Select(outcome => outcome.Took).Order().ElementAt(refused.Length * 99 / 100);
        string result = $"{Factor * peak:0} searches/s for {OverloadTime.TotalSeconds:0} s at a peak of {peak:0.0}/s: {goodput:0.0}/s answered ({goodput / peak:0%}), "
            + $"p99 {p99.TotalSeconds:0.0} s, {refused.Length} of {all.Count} refused (p99 {refusedIn.TotalMilliseconds:0} ms), "
            + $"memory {samples[samples.Count / 2].Service.ResidentBytes >> 20} to {samples[^1].Service.ResidentBytes >> 20} MiB, "
            + $"with its decoding processes {samples[samples.Count / 2].AllBytes >> 20} to {samples[^1].AllBytes >> 20} MiB";
        TestContext.Current.TestOutputHelper?.WriteLine(result);

        OpenLoad.Outcome[] others = [.. all.Except(answered).Except(refused)];
        Assert.True(others.Length == 0, $"{others.Length} others, such as {others.FirstOrDefault()}. {result}");
        Assert.All(refused, outcome => Assert.True(outcome.RetryAfter));
        Assert.True(refused.Length > all.Count / 2, result);
        Assert.True(goodput >= LeastShare * peak, result);
        Assert.True(p99 <= TimeSpan.FromSeconds(2 * Queue / peak), result);
        ProcessWatch.Sample[] first = [.. samples.Take((samples.Count / 2) + 1)];
        long half = first.Max(sample => sample.Service.ResidentBytes), whole = samples.Max(sample => sample.Service.ResidentBytes);
        Assert.True(whole <= MostGrowth * half, $"Memory grew from {half >> 20} to {whole >> 20} MiB. {result}");

        // With the processes that decode, which are at work from the start: none more comes.
        Assert.All(samples, sample => Assert.InRange(sample.Children.Count, 1, Environment.ProcessorCount));
        long halfOfAll = first.Max(sample => sample.AllBytes), wholeOfAll = samples.Max(sample => sample.AllBytes);
        long most = (long)(MostGrowth * halfOfAll) + (samples.Max(sample => sample.Children.Count) * ProcessWatch.MoreOfChild);
        Assert.True(wholeOfAll <= most, $"Memory of all processes grew from {halfOfAll >> 20} to {wholeOfAll >> 20} MiB. {result}");

        // Over, and forgotten.
        await Eventually.BecomesAsync(() => client.SearchAsync(Pictures.Png(1), "?k=1"), answer => answer.Status == HttpStatusCode.OK, patience: TimeSpan.FromSeconds(10));
        Assert.DoesNotContain("fail:", service.Log, StringComparison.Ordinal);
        LongForm.Record("overload", result);
        Counts.Report("overload-seconds", (int)OverloadTime.TotalSeconds, (int)OverloadTime.TotalSeconds);
    }
}
