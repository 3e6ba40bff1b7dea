using System.Net;
using Dpfah.Api.Generations;
using Dpfah.Api.Jobs;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Engine;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Models;

/// <summary>Encoders in memory: as many as are needed, and none closed while it hashes.</summary>
public sealed class EncoderPoolTests
{
    [Fact]
    public async Task Encoders_of_evaluations_and_of_deleted_generations_are_closed_when_nobody_uses_them()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database);
        ApiClient client = service.Client;
        EncoderPool pool = service.Services.GetRequiredService<EncoderPool>();
        EngineOptions options = service.Services.GetRequiredService<EngineOptions>();
        Housekeeping housekeeping = service.Services.GetRequiredService<Housekeeping>();
        await client.UploadAsync("default", 0, 20, service.LabelsBy(HashEncoding.FirstModel));
        int first = Assert.Single(pool.Open), ready = await service.AddModelAsync("ready"), deleted = await service.AddModelAsync("deleted");
        int[] measured = [await service.AddModelAsync("measured-1"), await service.AddModelAsync("measured-2")];
        foreach (string model in (string[])["measured-1", "measured-2"])
        {
            JobResponse job = (await client.SendJsonAsync(HttpMethod.Post, "/evaluations", $$"""{"model":"{{model}}","collection":"default"}""")).Read<JobResponse>(HttpStatusCode.Accepted);
            Assert.Equal(JobState.Succeeded, (await client.EndOfJobAsync(job.Id)).State);
        }

        (_, GenerationStatusResponse generation) = await client.FillAsync("default", "deleted");
        (await client.DeleteAsync($"/collections/default/generations/{generation.Generation.Id}")).AssertStatus(HttpStatusCode.NoContent);
        await client.FillAsync("default", "ready");
        Assert.Equal([first, ready, deleted, .. measured], pool.Open.Order());

        // Not at once: whoever measures a model often asks for it again.
        await housekeeping.RunOnceAsync(CancellationToken.None);
        Assert.Equal(5, pool.Open.Count);
        options.EncoderIdleTime = TimeSpan.Zero;
        await housekeeping.RunOnceAsync(CancellationToken.None);

        // What answers, and what stands by and is hashed into.
        Assert.Equal([first, ready], pool.Open.Order());
        await client.UploadAsync("default", 20, 5);
        await client.AssertCodesAsync("default", HashEncoding.FirstModel);
        JobResponse again = (await client.SendJsonAsync(HttpMethod.Post, "/evaluations", """{"model":"measured-1","collection":"default"}""")).Read<JobResponse>(HttpStatusCode.Accepted);
        Assert.Equal(JobState.Succeeded, (await client.EndOfJobAsync(again.Id)).State);
        Assert.Equal(3, pool.Open.Count);
    }

    [Fact]
    public async Task An_encoder_is_not_closed_while_it_is_used_and_is_closed_once()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database);
        int[] models = [1, await service.AddModelAsync("a"), await service.AddModelAsync("b")];
        var factory = new WatchedFactory();
        await using (var pool = new EncoderPool(service.Services.GetRequiredService<ModelCache>(), factory, TimeProvider.System))
        {
            // A long use outlives the closing of what is idle, and even that of a model that is gone.
            await using (EncoderUse use = await pool.UseAsync(models[0], CancellationToken.None))
            {
                Assert.Equal(0, await pool.CloseUnusedAsync(new HashSet<int>(), TimeSpan.Zero));
                await pool.CloseAsync(models[0]);
                Assert.Empty(pool.Open);
                await use.Encoder.EncodeAsync(ReadOnlyMemory<byte>.Empty, CancellationToken.None);
                Assert.Equal(0, factory.Closed);
            }

            Assert.Equal(1, factory.Closed);

            using var ending = new CancellationTokenSource();
            Task closing = Task.Run(async () =>
            {
                while (!ending.IsCancellationRequested)
                {
                    await pool.CloseUnusedAsync(new HashSet<int>(), TimeSpan.Zero);
                    await Task.Yield();
                }
            });
            await Parallel.ForEachAsync(Enumerable.Range(0, 600), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, token) =>
            {
                await using EncoderUse use = await pool.UseAsync(models[n % models.Length], token);
                await use.Encoder.EncodeAsync(ReadOnlyMemory<byte>.Empty, token);
            });
            await ending.CancelAsync();
            await closing;
        }

        Assert.InRange(factory.Opened, 4, 601);
        Assert.Equal(factory.Opened, factory.Closed);
    }

    [Fact]
    public async Task An_encoder_that_could_not_be_opened_is_opened_by_the_next_who_asks()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database);
        var factory = new WatchedFactory { Failures = 1 };
        await using var pool = new EncoderPool(service.Services.GetRequiredService<ModelCache>(), factory, TimeProvider.System);

        await Assert.ThrowsAsync<InvalidDataException>(() => pool.IdentityAsync(1, CancellationToken.None));

        Assert.Equal("watched", (await pool.IdentityAsync(1, CancellationToken.None)).Decoder);
    }

    /// <summary>Opens encoders that complain when they are used after they were closed, or closed twice.</summary>
    private sealed class WatchedFactory : IImageEncoderFactory
    {
        private int opened, closed;

        public int Opened => opened;

        public int Closed => closed;

        public int Failures { get; set; }

        public IImageEncoder Open(ModelFiles files)
        {
            if (Failures-- > 0)
            {
                throw new InvalidDataException("The files are damaged.");
            }

            Interlocked.Increment(ref opened);
            return new WatchedEncoder(this);
        }

        private sealed class WatchedEncoder(WatchedFactory factory) : IImageEncoder
        {
            private int isClosed;

            public EncoderIdentity Identity => new("model", "watched", "1");

            public int Bits => 64;

            public async Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken)
            {
                ObjectDisposedException.ThrowIf(Volatile.Read(ref isClosed) != 0, this);
                await Task.Yield();
                ObjectDisposedException.ThrowIf(Volatile.Read(ref isClosed) != 0, this);
                return HashEncoding.CodeOf([], "", Bits);
            }

            public ValueTask DisposeAsync()
            {
                ObjectDisposedException.ThrowIf(Interlocked.Exchange(ref isClosed, 1) != 0, this);
                Interlocked.Increment(ref factory.closed);
                return ValueTask.CompletedTask;
            }
        }
    }
}
