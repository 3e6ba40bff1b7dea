using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Dpfah.Api.Hosting;
using Dpfah.Api.Jobs;
using Dpfah.Api.Limits;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Decoding;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.FunctionalTests.Telemetry;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>A picture that ends the process that decodes it, as a fault in a library of native code may let one do.</summary>
public class DeadlyPictureTests
{
    private const int Pictures = 120;
    private const int Deadly = 70;
    private const string Key = "secret-of-the-service-that-decodes";

    private static readonly Dictionary<string, string?> Mortal = new()
    {
        [MortalPreviewMaker.Variable] = "1",
        [HostProcess.IsolateDecoder] = "true",
        ["Dpfah__JobLease"] = "00:00:05",
        [ApiHost.AdminKeyVariable] = Key,
    };

    private static readonly Dictionary<string, string?> Hasty = new(Mortal) { ["Dpfah__DecodeTimeout"] = "00:00:02" };

    [Fact]
    public async Task A_picture_that_ends_its_decoder_is_refused_and_everybody_else_is_answered()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database, Mortal);
        using var client = new ApiClient(service.BaseAddress, Key);
        await service.WaitUntilReadyAsync();
        using var done = new CancellationTokenSource();
        Task<int> others = SearchUntilAsync(client, done.Token);

        Problem searched = (await client.SearchAsync(Poisoned(1))).ReadProblem(HttpStatusCode.UnprocessableEntity, "ended-decoder");
        (await client.PutAsync("default", "a", Poisoned(2))).ReadProblem(HttpStatusCode.UnprocessableEntity, "ended-decoder");
        byte[] archive = Archives.Tar(Enumerable.Range(0, Pictures).Select(n => ($"{n}.png", n == Deadly ? Poisoned(n) : Hosting.Pictures.Png(n))));
        JobResponse job = await client.ImportAsync("default", archive);

        Assert.Contains("send that", searched.Detail, StringComparison.Ordinal);
        job.AssertSucceeded(Pictures - 1, rejected: 1);
        Assert.Equal([$"{Deadly}.png: ended-decoder"], await client.RejectionsAsync(job.Id));
        Assert.Equal(Pictures - 1, (await client.ListAsync("default")).Count);
        await done.CancelAsync();
        Assert.True(await others > 0);
        Assert.False(service.HasExited);

        // Each was tried twice.
        Scrape scrape = Scrape.Parse((await client.GetAsync("/metrics")).Text);
        Assert.Equal(6, scrape.Sum("dpfah_decoder_ends_total", ("reason", "crash")));
        Assert.Equal(0, scrape.Sum("dpfah_decoder_ends_total", ("reason", "slow")));
        Assert.InRange(scrape.Sum("dpfah_decoders"), 1, 2 * Environment.ProcessorCount);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(Poisoned(1))), service.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_is_never_done_is_refused_when_its_time_is_up()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database, Hasty);
        using var client = new ApiClient(service.BaseAddress, Key);
        await service.WaitUntilReadyAsync();
        byte[] asleep = [.. Hosting.Pictures.Png(3), .. MortalPreviewMaker.Sleep];
        PictureLimits limits = (await client.GetAsync("/limits")).Read<LimitsResponse>().Pictures;
        Assert.Equal((2, 6, 1L << 30), (limits.DecodingSeconds, limits.JobDecodingSeconds, limits.DecodingBytes));

        var clock = Stopwatch.StartNew();
        Task<Answer> slow = client.SearchAsync(asleep);
        await client.FindAsync(Hosting.Pictures.Png(4));
        Assert.False(slow.IsCompleted);
        Problem problem = (await slow).ReadProblem(HttpStatusCode.UnprocessableEntity, "decoding-too-slow");

        Assert.Contains("longer than 2 s", problem.Detail, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));
        JobResponse job = await client.ImportAsync("default", Archives.Tar(("asleep.png", asleep), ("b.png", Hosting.Pictures.Png(5))));
        job.AssertSucceeded(1, rejected: 1);
        Assert.Equal(["asleep.png: decoding-too-slow"], await client.RejectionsAsync(job.Id));
        Assert.Equal(2, Scrape.Parse((await client.GetAsync("/metrics")).Text).Sum("dpfah_decoder_ends_total", ("reason", "slow")));
        await client.FindAsync(Hosting.Pictures.Png(6));
    }

    [Fact]
    public async Task A_pause_of_the_service_does_not_count_as_time_in_which_a_picture_was_decoded()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database, Hasty);
        using var client = new ApiClient(service.BaseAddress, Key);
        await service.WaitUntilReadyAsync();
        await client.FindAsync(Hosting.Pictures.Png(1));
        Task<Answer> slow = client.SearchAsync([.. Hosting.Pictures.Png(2), .. MortalPreviewMaker.Sleep]);
        await Task.Delay(TimeSpan.FromSeconds(0.5));

        service.Pause();
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        service.Continue();

        // What was left of 2 s, but for a tenth or two.
        var clock = Stopwatch.StartNew();
        (await slow).ReadProblem(HttpStatusCode.UnprocessableEntity, "decoding-too-slow");
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_slowest_picture_that_is_let_in_is_decoded_or_refused_in_time_and_others_are_answered_meanwhile()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database, Hasty);
        using var client = new ApiClient(service.BaseAddress, Key);
        await service.WaitUntilReadyAsync();
        await client.FindAsync(Hosting.Pictures.Png(1));
        byte[] picture = SlowJpeg.Create();
        Assert.InRange(picture.Length, 100_000, 1_000_000);

        var clock = Stopwatch.StartNew();
        Task<Answer> slow = client.SearchAsync(picture);
        int others = 0;
        for (; !slow.IsCompleted; others++)
        {
            await client.FindAsync(Hosting.Pictures.Png(others)).WaitAsync(TimeSpan.FromSeconds(20));
        }

        // Of ten times the time that a picture has.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Answer answer = await slow;
        TestContext.Current.TestOutputHelper?.WriteLine($"{picture.Length} bytes, {clock.Elapsed}, {others} others, {answer.Text}");
        if (answer.Status != HttpStatusCode.OK)
        {
            answer.ReadProblem(HttpStatusCode.UnprocessableEntity, "decoding-too-slow");
        }

        Assert.True(others > 1);
    }

    [Fact]
    public async Task No_process_that_decodes_is_left_when_the_service_is_killed_and_none_knows_its_secrets()
    {
        using var database = new SqliteTestDatabase();
        var slow = new Dictionary<string, string?>(Mortal) { ["Dpfah__DecodeTimeout"] = "00:05:00" };
        await using ServiceProcess service = HostProcess.Start(database, slow);
        using var client = new ApiClient(service.BaseAddress, Key);
        await service.WaitUntilReadyAsync();
        await client.FindAsync(Hosting.Pictures.Png(1));

        // One hangs, the other has nothing to do.
        Task<Answer> hung = client.SearchAsync([.. Hosting.Pictures.Png(2), .. MortalPreviewMaker.Sleep]);
        int[] children = ChildProcesses.Of(service.Id);
        Assert.NotEmpty(children);
        Assert.All(children, id => Assert.DoesNotContain(Key, ChildProcesses.EnvironmentOf(id), StringComparison.Ordinal));
        await service.KillAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => hung);
        await Eventually.BecomesAsync(
            () => Task.FromResult(Array.FindAll(children, ChildProcesses.Runs)), left => left.Length == 0, left => string.Join(", ", left));
    }

    [Fact]
    public async Task Where_the_service_decodes_itself_an_import_finds_the_picture_that_ends_its_process_and_goes_on_without_it()
    {
        using var database = new SqliteTestDatabase();
        byte[] archive = Archives.Tar(Enumerable.Range(0, Pictures).Select(n => ($"{n}.png", n == Deadly ? Poisoned(n) : Hosting.Pictures.Png(n))));
        long id = 0;
        int lost = 0;
        JobResponse? job = null;
        while (job?.State is not (JobState.Succeeded or JobState.Failed))
        {
            await using ServiceProcess service = HostProcess.Start(
                database, new Dictionary<string, string?>(Mortal) { ["Dpfah__IsolateDecoder"] = "false" });
            using var client = new ApiClient(service.BaseAddress, Key);
            try
            {
                await service.WaitUntilReadyAsync();
                id = id == 0 ? (await client.StartImportAsync("default", archive)).Id : id;
                job = await client.EndOfJobAsync(id);
            }
            catch (Exception error) when (error is HttpRequestException || (id != 0 && service.HasExited))
            {
                // Also before it was seen ready: the job is taken over at once where the lease has run out.
                lost++;
                Assert.True(lost < 10, "The import goes on for ever.");
                continue;
            }

            Assert.Equal([$"{Deadly}.png: lost-process"], await client.RejectionsAsync(id));
            Assert.Equal(Pictures - 1, (await client.ListAsync("default")).Count);
        }

        // Once in the midst of many others, once among few, then twice by itself.
        Assert.Equal(4, lost);
        job.AssertSucceeded(Pictures - 1, rejected: 1);
    }

    /// <summary>Searches, one after the other; each is answered.</summary>
    private static async Task<int> SearchUntilAsync(ApiClient client, CancellationToken cancellationToken)
    {
        int answered = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            await client.FindAsync(Hosting.Pictures.Png(answered++));
        }

        return answered;
    }

    private static byte[] Poisoned(int n) => [.. Hosting.Pictures.Png(n), .. MortalPreviewMaker.Sting];
}
