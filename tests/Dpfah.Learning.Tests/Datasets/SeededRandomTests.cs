using System.Text.Json;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public class SeededRandomTests
{
    private static readonly JsonElement Reference = ReferenceFile.Read("Datasets/seeded_random.json");

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Reference.GetProperty("random").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sequence_is_the_reference_s(int index)
    {
        JsonElement expected = Reference.GetProperty("random")[index];
        ulong seed = ulong.Parse(expected.GetProperty("seed").GetString()!);

        var words = new SeededRandom(seed);
        Assert.All(expected.GetProperty("words").EnumerateArray(), word => Assert.Equal(word.GetString(), words.Next().ToString()));

        var numbers = new SeededRandom(seed);
        Assert.All(expected.GetProperty("below_1000").EnumerateArray(), number => Assert.Equal(number.GetInt32(), numbers.NextInt(1000)));

        var doubles = new SeededRandom(seed);
        Assert.All(expected.GetProperty("doubles").EnumerateArray(), number => Assert.Equal(number.GetDouble(), doubles.NextDouble()));

        var gaussians = new SeededRandom(seed);
        Assert.All(expected.GetProperty("gaussians").EnumerateArray(), number => Assert.Equal(number.GetDouble(), gaussians.NextGaussian(), 1e-12));

        int[] items = [.. Enumerable.Range(0, 20)];
        new SeededRandom(seed).Shuffle(items.AsSpan());
        Assert.Equal(expected.GetProperty("shuffled_20").EnumerateArray().Select(v => v.GetInt32()), items);
    }

    [Fact]
    public void Bounded_numbers_fill_their_range_evenly()
    {
        var random = new SeededRandom(3);
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextInt(counts.Length)]++;
        }

        // Five standard deviations of a count: sqrt(70,000 · 1/7 · 6/7) = 93.
        Assert.All(counts, count => Assert.InRange(count, 10_000 - 465, 10_000 + 465));
    }
}
