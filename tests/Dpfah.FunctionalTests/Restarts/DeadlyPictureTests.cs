using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>A picture that ends the process that decodes it, as a fault in a library of native code may let one do.</summary>
public class DeadlyPictureTests
{
    private const int Pictures = 120;
    private const int Deadly = 70;

    private static readonly Dictionary<string, string?> Mortal = new() { [MortalPreviewMaker.Variable] = "1", ["Dpfah__JobLease"] = "00:00:05" };

    [Fact]
    public async Task An_import_finds_the_picture_that_ends_its_process_and_goes_on_without_it()
    {
        using var database = new SqliteTestDatabase();
        byte[] archive = Archives.Tar(Enumerable.Range(0, Pictures).Select(n => ($"{n}.png", n == Deadly ? Poisoned(n) : Hosting.Pictures.Png(n))));
        long id = 0;
        int lost = 0;
        JobResponse? job = null;
        while (job?.State is not (JobState.Succeeded or JobState.Failed))
        {
            await using ServiceProcess service = HostProcess.Start(database, Mortal);
            using var client = new ApiClient(service.BaseAddress);
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

    private static byte[] Poisoned(int n) => [.. Hosting.Pictures.Png(n), .. MortalPreviewMaker.Sting];
}
