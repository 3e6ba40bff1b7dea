using CsCheck;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

public class LabelMatrixTests
{
    [Fact]
    public void Items_share_a_label_when_their_sets_meet()
    {
        Gen<(int, int[][])> cases =
            from classes in Gen.Int[1, 150]
            from sets in Gen.Int[0, classes - 1].Array[0, 4].Array[2, 12]
            select (classes, sets);
        cases.Sample((classes, sets) =>
        {
            LabelMatrix labels = LabelMatrix.From(classes, sets);
            Assert.Equal((classes, sets.Length, (classes + 63) / 64), (labels.Classes, labels.Count, labels.WordsPerItem));
            for (int i = 0; i < sets.Length; i++)
            {
                Assert.Equal(sets[i].Distinct().Order(), Enumerable.Range(0, classes).Where(c => labels.Has(i, c)));
                Assert.All(sets.Index(), other => Assert.Equal(sets[i].Intersect(other.Item).Any(), labels.Share(i, labels, other.Index)));
            }
        });
    }

    [Fact]
    public void Wrong_classes_and_items_are_refused()
    {
        var labels = new LabelMatrix(3, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => new LabelMatrix(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LabelMatrix(LabelMatrix.MaxClasses + 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LabelMatrix(LabelMatrix.MaxClasses, 1 << 20));
        Assert.Throws<ArgumentOutOfRangeException>(() => labels.Add(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => labels.Add(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => labels.Has(2, 0));
        Assert.Throws<ArgumentException>(() => labels.Share(0, new LabelMatrix(4, 1), 0));
    }
}
