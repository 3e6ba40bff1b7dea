using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

public class HammingRankingTests
{
    [Fact]
    public void Order_agrees_with_the_reference()
    {
        Assert.All(GoldenRanking.All(), golden =>
        {
            int[] expected = [.. golden.Expected.GetProperty("order_query_0").EnumerateArray().Select(v => v.GetInt32())];
            Assert.Equal(expected, HammingRanking.Order(golden.Queries[0], golden.Database));
        });
    }

    [Fact]
    public void Order_is_a_stable_sort_by_distance()
    {
        // Codes of one byte out of eight values: many ties.
        Gen.Byte[0, 7].Array[0, 60].Sample(bytes =>
        {
            BinaryCode query = BinaryCode.FromBytes([5]);
            BinaryCode[] database = [.. bytes.Select(b => BinaryCode.FromBytes([b]))];
            int[] expected = [.. Enumerable.Range(0, database.Length).OrderBy(i => query.HammingDistance(database[i]))];
            Assert.Equal(expected, HammingRanking.Order(query, database));
        });
    }

    [Fact]
    public void Order_refuses_codes_of_another_length()
    {
        Assert.Throws<ArgumentException>(() => HammingRanking.Order(BinaryCode.FromBytes([1]), [BinaryCode.FromBytes([1, 2])]));
    }
}
