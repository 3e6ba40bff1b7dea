using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

public class PrecisionAtNTests
{
    [Fact]
    public void Leave_one_out_never_counts_the_query_itself()
    {
        BinaryCode[] codes = [BinaryCode.FromBytes([0]), BinaryCode.FromBytes([0]), BinaryCode.FromBytes([255])];

        // Each of the first two finds the other; the third finds the first, of another class.
        Assert.Equal(2.0 / 3, PrecisionAtN.LeaveOneOut(codes, ["a", "a", "b"], 1), 1e-12);
    }

    [Fact]
    public void Leave_one_out_keeps_database_order_among_ties()
    {
        BinaryCode code = BinaryCode.FromBytes([7]);

        // All codes are equal: the first item finds the second, every other item the first.
        Assert.Equal(0.25, PrecisionAtN.LeaveOneOut([code, code, code, code], ["a", "b", "b", "a"], 1), 1e-12);
    }
}
