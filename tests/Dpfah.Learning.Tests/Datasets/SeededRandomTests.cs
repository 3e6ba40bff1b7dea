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

        AssertSequence("words", random => random.Next(), word => ulong.Parse(word.GetString()!));
        AssertSequence("below_1000", random => random.NextInt(1000), number => number.GetInt32());
        AssertSequence("doubles", random => random.NextDouble(), number => number.GetDouble());
        AssertSequence("gaussians", random => Math.Round(random.NextGaussian(), 12), number => Math.Round(number.GetDouble(), 12));

        int[] items = [.. Enumerable.Range(0, 20)];
        new SeededRandom(seed).Shuffle(items.AsSpan());
        Assert.Equal(expected.GetProperty("shuffled_20").EnumerateArray().Select(v => v.GetInt32()), items);

        void AssertSequence<T>(string name, Func<SeededRandom, T> next, Func<JsonElement, T> value)
        {
            var random = new SeededRandom(seed);
            Assert.All(expected.GetProperty(name).EnumerateArray(), item => Assert.Equal(value(item), next(random)));
        }
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
