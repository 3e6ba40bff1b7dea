using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search;

namespace Dpfah.FunctionalTests.Search;

/// <summary>Searches that wait for a core.</summary>
public class SearchGateTests
{
    private const int Items = 30_000;
    private const int Queries = 64;
    private const int MostRounds = 200;

    private readonly Random random = new(4);
    private readonly CollectionIndex index = new(1, "gate", new GenerationInfo(1, 1, "model", 64, "decoder", "1"));

    public SearchGateTests() => index.Apply(
        [.. Enumerable.Range(1, Items).Select(n => new ItemState(n, true, $"p{n}", [], null, Code(64), Code(ImageCode.SignatureBits)))]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Searches_that_wait_are_answered_together_and_as_they_would_be_alone(bool ownThreads)
    {
        var gate = new SearchGate(1, ownThreads);
        IndexQuery<IndexedItem>[] queries = [.. Enumerable.Range(0, Queries).Select(_ => Query())];
        IndexAnswer<IndexedItem>[] expected = Array.ConvertAll(queries, query => index.Snapshot.Search(query));
        for (int round = 0; round < MostRounds && gate.SharedPasses < 10; round++)
        {
            IndexAnswer<IndexedItem>[] answers = await Task.WhenAll(
                queries.Select(query => Task.Run(async () => await gate.SearchAsync(index, query, CancellationToken.None))));
            for (int i = 0; i < Queries; i++)
            {
                Assert.Equal(expected[i].Neighbors, answers[i].Neighbors);
                Assert.Equal((expected[i].BelowCut, expected[i].TiedAtCut, expected[i].Next), (answers[i].BelowCut, answers[i].TiedAtCut, answers[i].Next));
            }
        }

        gate.EndThreads();
        Assert.True(gate.SharedPasses >= 10, $"{gate.SharedPasses} passes were shared.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancelled_and_wrong_searches_harm_no_other(bool ownThreads)
    {
        var gate = new SearchGate(1, ownThreads);
        int cancelled = 0;
        for (int round = 0; round < MostRounds && (cancelled < 10 || gate.SharedPasses < 10); round++)
        {
            using var source = new CancellationTokenSource();
            Task<IndexAnswer<IndexedItem>>[] searches = [.. Enumerable.Range(0, Queries).Select(i => Task.Run(async () => await gate.SearchAsync(
                index,
                i % 8 == 7 ? Query() with { K = 0 } : Query(),
                i % 2 == 0 ? source.Token : CancellationToken.None)))];
            await source.CancelAsync();
            for (int i = 0; i < Queries; i++)
            {
                if (i % 8 == 7)
                {
                    await Assert.ThrowsAsync<ArgumentException>("K", () => searches[i]);
                }
                else if (i % 2 == 1)
                {
                    Assert.Equal(10, (await searches[i]).Neighbors.Count);
                }
                else
                {
                    cancelled += await Task.WhenAny(searches[i]) is { IsCanceled: true } ? 1 : 0;
                    Assert.True(searches[i].IsCanceled || (await searches[i]).Neighbors.Count == 10);
                }
            }
        }

        Assert.True(cancelled >= 10, $"{cancelled} searches were cancelled.");

        // The core is free again.
        Assert.Equal(10, (await gate.SearchAsync(index, Query(), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30))).Neighbors.Count);
        gate.EndThreads();
    }

    private IndexQuery<IndexedItem> Query()
    {
        lock (random)
        {
            return new IndexQuery<IndexedItem> { Code = Code(64), Signature = Code(ImageCode.SignatureBits), K = 10 };
        }
    }

    private BinaryCode Code(int bits)
    {
        var bytes = new byte[bits / 8];
        random.NextBytes(bytes);
        return BinaryCode.FromBytes(bytes);
    }
}
