using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Dpfah.Api.Generations;
using Dpfah.Api.Search;
using Dpfah.Engine.Generations;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Load;

/// <summary>What is done with a service in a soak: by each loop at a rate of its own, so that each minute is like the one before.</summary>
internal sealed class SoakUse : IDisposable
{
    private const string Collection = "default";
    private const int Kept = 120;

    // One of the models that come with the program, under another name each time: of this length.
    private const string Model = "dpfah-fashion-mnist-64";

    private readonly ApiClient client;
    private readonly int seed;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] head = File.ReadAllBytes(Repository.PathOf($"src/Dpfah.Learning/Assets/{Model}/head.safetensors"));
    private readonly byte[] backbone = File.ReadAllBytes(Repository.PathOf($"src/Dpfah.Learning/Assets/{Model}/backbone.safetensors"));
    private Task[] loops = [];
    private int next;
    private int searches;
    private int writes;
    private int models;
    private int switches;

    public SoakUse(Uri address, int seed)
    {
        client = new ApiClient(address);
        this.seed = seed;
    }

    /// <summary>Answers that were not as they should be.</summary>
    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>Completes with the first failure.</summary>
    public Task Failed => failed.Task;

    /// <summary>How often another generation began to answer.</summary>
    public int Switches => switches;

    /// <summary>What was done.</summary>
    public string Told => $"{searches} searches, {writes} uploads and deletions, {models} models loaded, {switches} switches, {Failures.Count} failed";

    /// <summary>Uploads what is searched.</summary>
    public async Task FillAsync()
    {
        next = Kept;
        await client.UploadAsync(Collection, 0, Kept, _ => ["a"]);
    }

    public void Start() => loops =
    [
        RunAsync(1, 150, ByPictureAsync), RunAsync(2, 150, ByPictureAsync), RunAsync(3, 50, ByCodeAsync), RunAsync(4, 400, ChangeAsync), RunAsync(5, 500, SwitchAsync),
    ];

    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(loops);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        stopping.Dispose();
    }

    private Task RunAsync(int number, int milliseconds, Func<Random, Task> once) => Task.Run(async () =>
    {
        var random = new Random(seed + number);
        using var rate = new PeriodicTimer(TimeSpan.FromMilliseconds(milliseconds));
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await once(random);
            }
            catch (Exception error)
            {
                Failures.Enqueue(error.ToString());
                failed.TrySetResult();
                return;
            }

            await rate.WaitForNextTickAsync();
        }
    });

    private async Task ByPictureAsync(Random random)
    {
        SearchResponse found = await client.FindAsync(Pictures.Png(random.Next(2 * Kept)), "?k=20");
        Assert.Equal(20, found.Hits.Count);
        Interlocked.Increment(ref searches);
    }

    private async Task ByCodeAsync(Random random)
    {
        string code = Convert.ToHexStringLower(BitConverter.GetBytes(random.NextInt64()));
        SearchResponse found = (await client.SearchCodeAsync(new SearchByCodeRequest(code, null, null), "?k=20")).Read<SearchResponse>();
        Assert.Equal(20, found.Hits.Count);
        Interlocked.Increment(ref searches);
    }

    /// <summary>A new picture comes and the oldest goes.</summary>
    private async Task ChangeAsync(Random random)
    {
        await client.AddAsync(Collection, $"p{next}", Pictures.Png(next), [random.Next(2) == 0 ? "a" : "b"]);
        (await client.DeleteAsync(ApiClient.ImagePath(Collection, $"p{next - Kept}"))).AssertStatus(HttpStatusCode.NoContent);
        next++;
        writes += 2;
    }

    /// <summary>A model comes, takes the collection over, gives it back and goes.</summary>
    private async Task SwitchAsync(Random random)
    {
        string name = $"{Model[..^2]}{10 + (models % 50)}";
        int first = (await client.GenerationsAsync(Collection)).Items.Single(g => g.State == GenerationProgress.Active).Generation.Id;
        using (var form = new MultipartFormDataContent { { ApiClient.Raw(Renamed(name)), "head", "head" }, { ApiClient.Raw(backbone), "backbone", "backbone" } })
        {
            (await client.SendAsync(HttpMethod.Post, "/models", form)).AssertStatus(HttpStatusCode.Created);
        }

        models++;
        (_, GenerationStatusResponse filled) = await client.FillAsync(Collection, name);
        await ActivateAsync(filled.Generation.Id);
        await ActivateAsync(first);
        (await client.DeleteAsync($"/collections/{Collection}/generations/{filled.Generation.Id}")).AssertStatus(HttpStatusCode.NoContent);
        await Eventually.BecomesAsync(
            () => client.DeleteAsync($"/models/{name}"),
            answer => answer.Status == HttpStatusCode.NoContent || stopping.IsCancellationRequested,
            answer => answer.Text,
            TimeSpan.FromMinutes(2)); // Its codes go with the next cleaning, once a minute.
    }

    private async Task ActivateAsync(int generation)
    {
        (await client.ActivateAsync(Collection, generation, """{"confirm":true,"force":true}""")).Read<ActivationResponse>();
        switches++;
    }

    private byte[] Renamed(string name)
    {
        byte[] other = [.. head];
        Encoding.UTF8.GetBytes(name).CopyTo(other, head.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Model)));
        return other;
    }
}
