using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>
/// Callers who upload and search at whatever node answers. Each search is for a picture that was acknowledged, at the position of its upload:
/// it must come first, at distance 0, wherever it was uploaded.
/// </summary>
internal sealed class NodeLoad
{
    // Callers who never pause would leave the nodes too little to come back with.
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly AnyNode service;
    private readonly string collection;
    private readonly ConcurrentDictionary<int, ImageResponse> acknowledged = new();
    private readonly ConcurrentQueue<string> wrong = new();
    private readonly Task[] loops;
    private int numbers;
    private int searches;
    private volatile bool stopping;

    /// <summary>Starts the callers.</summary>
    public NodeLoad(AnyNode service, string collection, int callers = 4)
    {
        (this.service, this.collection) = (service, collection);
        loops = [.. Enumerable.Range(0, callers).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>Uploads and searches that were answered.</summary>
    public int Answered => acknowledged.Count + Volatile.Read(ref searches);

    /// <summary>Pictures that were acknowledged, by their numbers.</summary>
    public IReadOnlyDictionary<int, ImageResponse> Acknowledged => acknowledged;

    /// <summary>Waits until as many more were answered, or a caller has failed.</summary>
    public async Task MoreAsync(int answers)
    {
        int wanted = Answered + answers;
        await Eventually.BecomesAsync(() => Task.FromResult(Answered), answered => answered >= wanted || loops.Any(loop => loop.IsFaulted));
    }

    /// <summary>Ends the callers, and asserts that none was answered wrongly or not at all.</summary>
    public async Task StopAsync()
    {
        stopping = true;
        await Task.WhenAll(loops);
        Assert.True(wrong.IsEmpty, $"{wrong.Count} wrong answers: {string.Join("; ", wrong.Take(5))}");
    }

    /// <summary>Asserts that a node has all that was acknowledged, each once.</summary>
    public async Task AssertThereAsync(ApiClient node)
    {
        List<ImageResponse> listed = await node.ListAsync(collection);
        Dictionary<string, ImageResponse> there = listed.ToDictionary(image => image.Id, StringComparer.Ordinal);
        Assert.Equal([], acknowledged.Values.Where(image => there.GetValueOrDefault(image.Id)?.Code != image.Code).Select(image => image.Id));
    }

    private static string IdOf(int number) => $"load/{number}";

    private async Task RunAsync()
    {
        using var rate = new PeriodicTimer(Between);
        while (!stopping)
        {
            await rate.WaitForNextTickAsync();
            int number = Interlocked.Increment(ref numbers);
            byte[] picture = Pictures.Png(number);

            // One that was sent again may have been stored before its node was lost.
            Answer put = await service.AskAsync(node => node.PutAsync(collection, IdOf(number), picture));
            ImageResponse image = put.Read<ImageResponse>(put.Status == HttpStatusCode.OK ? HttpStatusCode.OK : HttpStatusCode.Created);
            acknowledged[number] = image;

            Answer answer = await service.AskAsync(node => node.SearchCodeAsync(
                new SearchByCodeRequest(image.Code, image.Signature, collection), $"?k=1&minPosition={image.Position}"));
            SearchResponse found = answer.Read<SearchResponse>();
            if (found.Hits is not [{ Distance: 0, FineDistance: 0 } hit] || hit.Id != IdOf(number))
            {
                wrong.Enqueue($"{IdOf(number)} at {image.Position}: {JsonSerializer.Serialize(found.Hits)}");
            }

            Interlocked.Increment(ref searches);
        }
    }
}
