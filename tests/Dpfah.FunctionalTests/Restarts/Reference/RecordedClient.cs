using Xunit.Sdk;

namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>A client whose steps are written down, so that one that fails can be told with what led to it.</summary>
/// <param name="lives">The service.</param>
/// <param name="pictures">What is sent.</param>
/// <param name="collection">Its collection.</param>
/// <param name="name">What it is called in messages.</param>
internal sealed class RecordedClient(ServiceLives lives, KnownPictures pictures, string collection, string name)
{
    private static readonly TimeSpan TimeToShorten = TimeSpan.FromSeconds(60);

    private readonly List<Operation> steps = [];
    private readonly ReferenceClient client = new(lives, pictures, collection);

    /// <summary>What its collection is meant to be.</summary>
    public ReferenceCatalogue State => client.State;

    /// <summary>Makes one with a collection of its own.</summary>
    public static async Task<RecordedClient> CreateAsync(ServiceLives lives, KnownPictures pictures, string name) =>
        new(lives, pictures, await (await lives.WaitAsync()).Client.CreateCollectionAsync(), name);

    /// <summary>Does one thing.</summary>
    /// <exception cref="XunitException">An answer was another than the reference's; the message has the steps that led to it, as few as were found to do.</exception>
    public async Task RunAsync(Operation operation)
    {
        steps.Add(operation);
        try
        {
            await client.RunAsync(operation);
        }
        catch (Exception error)
        {
            List<Operation>? fewer = await ShortenAsync();
            throw new XunitException(
                $"{name}, step {steps.Count}, {operation}: {error.Message}\n"
                + (fewer is null ? "Without kills the same steps do not fail. All of them:\n" : "These steps fail too:\n")
                + string.Join('\n', fewer ?? steps), error);
        }
    }

    /// <summary>Leaves out what can be left out of the steps, so that they still fail, without kills and in a new collection.</summary>
    /// <returns>Null when they do not fail again.</returns>
    private async Task<List<Operation>?> ShortenAsync()
    {
        if (!await FailsAsync(steps))
        {
            return null;
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        List<Operation> kept = steps;
        for (int length = kept.Count / 2; length > 0; length /= 2)
        {
            for (int from = kept.Count - length; from >= 0 && clock.Elapsed < TimeToShorten; from -= length)
            {
                List<Operation> fewer = [.. kept[..from], .. kept[(from + length)..]];
                kept = await FailsAsync(fewer) ? fewer : kept;
                from = Math.Min(from, kept.Count);
            }
        }

        return kept;
    }

    private async Task<bool> FailsAsync(IReadOnlyList<Operation> operations)
    {
        try
        {
            var again = new ReferenceClient(lives, pictures, await (await lives.WaitAsync()).Client.CreateCollectionAsync());
            foreach (Operation operation in operations)
            {
                await again.RunAsync(operation);
            }

            return false;
        }
        catch (XunitException)
        {
            return true;
        }
    }
}
