using System.Security.Cryptography;
using System.Text;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>An import ends as if nothing had happened, however often the service is killed.</summary>
public abstract class ImportKillTests
{
    private const int RejectedEvery = 100;

    private static readonly int Entries = LongForm.Choose(2_000, 5_000);
    private static readonly int Kills = LongForm.Choose(3, 20);
    private static readonly Dictionary<string, string?> ShortLease = new() { ["Dpfah__JobLease"] = "00:00:03", [HostProcess.IsolateDecoder] = "true" };

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    [Trait(LongForm.Trait, "import-kills")]
    public async Task An_import_survives_kills_with_counts_that_add_up_and_each_picture_once()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        byte[] archive = Archives.Tar(Enumerable.Range(0, Entries).Select(
            n => ($"class{n % 7}/{n}.png", n % RejectedEvery == 0 ? "no picture"u8.ToArray() : Pictures.Png(n))));
        var random = new Random(LongForm.Seed());
        long id = 0;
        int midway = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            await using ServiceProcess service = HostProcess.Start(database, ShortLease);
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            id = id == 0 ? (await client.StartImportAsync("default", archive)).Id : id;

            // At any moment from before the first batch on, but so that something is left for the next kill. A job whose process is lost
            // three times without progress is given up, and a machine that is busy may lose one by itself: after one loss the kill waits
            // for progress.
            long most = (kill + 1L) * (Entries * 9L / 10) / Kills;
            using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(1, 1500)));
            JobResponse job;
            do
            {
                await Task.Delay(5);
                job = (await client.GetAsync($"/jobs/{id}")).Read<JobResponse>();
                Assert.True(job.State <= JobState.Running, $"{job.State}: {job.Error}");
            }
            while ((job.Counts.Accepted < most && !moment.IsCancellationRequested) || job.Attempts > 1);

            await service.KillAsync();
            midway += job.Counts.Accepted < Entries ? 1 : 0;
        }

        await using ServiceProcess last = HostProcess.Start(database, ShortLease);
        await last.WaitUntilReadyAsync();
        using var reader = new ApiClient(last.BaseAddress);
        (await reader.EndOfJobAsync(id)).AssertSucceeded(Entries - (Entries / RejectedEvery), rejected: Entries / RejectedEvery);
        Assert.Equal(Entries / RejectedEvery, (await reader.RejectionsAsync(id)).Distinct().Count());

        string twin = await reader.CreateCollectionAsync();
        (await reader.ImportAsync(twin, archive)).AssertSucceeded(Entries - (Entries / RejectedEvery), rejected: Entries / RejectedEvery);
        List<ImageResponse> disturbed = await reader.ListAsync("default"), undisturbed = await reader.ListAsync(twin);
        Assert.Equal(Entries - (Entries / RejectedEvery), disturbed.Select(image => image.Id).Distinct().Count());
        Assert.Equal(disturbed.Count, disturbed.Select(image => image.Id).Distinct().Count());
        Assert.Equal(DigestOf(undisturbed), DigestOf(disturbed));
        LongForm.Record(
            $"kills in an import, {database.Provider}",
            $"{midway} kills in an import of {Entries:N0} entries: each picture once, counts add up, same digest as undisturbed");
        Counts.Report($"import-kills-{database.Provider}", midway, Kills);
    }

    private static string DigestOf(IEnumerable<ImageResponse> images) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n', images.Select(image => $"{image.Id} {image.Code} {image.Signature} {image.Sha256} {string.Join('|', image.Labels)}")))));
}

public sealed class ImportKillTests_Postgres(PostgresServer server) : ImportKillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class ImportKillTests_Sqlite : ImportKillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
