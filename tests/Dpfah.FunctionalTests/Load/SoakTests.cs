using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Load;

/// <summary>
/// A service that is used for long, by readers, by those who change the catalogue and by one who changes the models: it takes no more and
/// no more of anything. The long form is the program itself with the network and its own first model.
/// </summary>
public sealed class SoakTests(PostgresServer server)
{
    private const double MostGrowth = 0.05;
    private const double MostGrowthInShort = 0.25; // Within seconds the runtime is not settled.
    private const int MoreHandles = 16;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(LongForm.Choose(8, 180));
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(LongForm.Choose(20, 1_800));

    [Fact]
    [Trait(LongForm.Trait, "soak")]
    public async Task Half_an_hour_of_use_takes_no_more_memory_than_minutes()
    {
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        await using ServiceProcess service = ServiceProcess.StartHost(
            LongForm.IsAsked ? HostProcess.ApiAssembly : HostProcess.TestAssembly,
            database.Arguments,
            new Dictionary<string, string?>
            {
                ["Dpfah__Device"] = "cpu",
                ["Dpfah__QualityEvery"] = "00:00:10",

                // The collector takes minutes to find its size; with a small youngest generation (32 MiB, in hex) a leak shows within seconds.
                ["DOTNET_gcServer"] = LongForm.IsAsked ? null : "0",
                ["DOTNET_GCgen0size"] = LongForm.IsAsked ? null : "2000000",
            });
        await service.WaitUntilReadyAsync(TimeSpan.FromMinutes(5));

        using var use = new SoakUse(service.BaseAddress, LongForm.Seed());
        await use.FillAsync();
        await using var watch = new ProcessWatch(service);
        use.Start();
        await Task.WhenAny(Task.Delay(Time), use.Failed);
        await use.StopAsync();
        IReadOnlyList<ProcessWatch.Sample> samples = await watch.StopAsync();
        Assert.True(use.Failures.IsEmpty, $"{use.Told}\n{string.Join('\n', use.Failures.Take(10))}\n{service.Log}");

        int tenth = Math.Max(3, samples.Count / 10), warm = (int)(samples.Count * (WarmUp / Time));
        ProcessWatch.Sample[] before = [.. samples.Skip(warm).Take(tenth)], after = [.. samples.TakeLast(tenth)];
        ProcessWatch.Held[] decoders = [.. before.SelectMany(sample => sample.Children)], decodersAfter = [.. after.SelectMany(sample => sample.Children)];
        double from = before.Average(sample => sample.Service.ResidentBytes), to = after.Average(sample => sample.Service.ResidentBytes);
        double allFrom = before.Average(sample => sample.AllBytes), allTo = after.Average(sample => sample.AllBytes);
        string result = $"{use.Told}; memory {from / (1 << 20):0} to {to / (1 << 20):0} MiB ({(to / from) - 1:+0.0%;-0.0%}) from {WarmUp.TotalSeconds:0} s to {Time.TotalSeconds:0} s, "
            + $"with its decoding processes {allFrom / (1 << 20):0} to {allTo / (1 << 20):0} MiB, "
            + $"files {before.Max(s => s.Service.Files)} to {after.Max(s => s.Service.Files)}, threads {before.Max(s => s.Service.Threads)} to {after.Max(s => s.Service.Threads)}";
        TestContext.Current.TestOutputHelper?.WriteLine(result);

        double mostGrowth = LongForm.IsAsked ? MostGrowth : MostGrowthInShort;
        Assert.True(to <= (1 + mostGrowth) * from, result);
        Assert.True(after.Max(s => s.Service.Files) <= before.Max(s => s.Service.Files) + MoreHandles, result);
        Assert.True(after.Max(s => s.Service.Threads) <= before.Max(s => s.Service.Threads) + MoreHandles, result);

        // Processes that decode come and go with the pictures that are there at once: the sum is held against as many as there were before.
        Assert.True(decoders.Length > 0 && decodersAfter.Length > 0, result);
        Assert.All(samples, sample => Assert.InRange(sample.Children.Count, 0, 2 * Environment.ProcessorCount));
        double count = (double)decodersAfter.Length / after.Length;
        double expected = from + (count * decoders.Average(decoder => decoder.ResidentBytes));
        Assert.True(allTo <= ((1 + mostGrowth) * expected) + (count * ProcessWatch.MoreOfChild), result);
        Assert.True(decodersAfter.Max(decoder => decoder.Files) <= decoders.Max(decoder => decoder.Files) + MoreHandles, result);
        Assert.True(decodersAfter.Max(decoder => decoder.Threads) <= decoders.Max(decoder => decoder.Threads) + MoreHandles, result);
        Assert.True(use.Switches > 0, result);
        Assert.DoesNotContain("fail:", service.Log, StringComparison.Ordinal);
        LongForm.Record("soak", result);
        Counts.Report("soak-seconds", (int)Time.TotalSeconds, (int)Time.TotalSeconds);
    }
}
