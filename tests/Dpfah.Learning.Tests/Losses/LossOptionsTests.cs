using System.Text.Json.Nodes;
using Dpfah.Learning.Losses;
using TorchSharp;

namespace Dpfah.Learning.Tests.Losses;

public sealed class LossOptionsTests
{
    private static readonly LossShape Shape = new(4, 8, 2, false, torch.CPU);

    /// <summary>Every option of every method.</summary>
    public static TheoryData<string, string> Options =>
    [
        .. HashingMethod.All.SelectMany(method => method.Complete().Select(option => (method.Name, option.Key))),
    ];

    [Theory]
    [MemberData(nameof(Options))]
    public void A_value_that_an_option_cannot_take_is_refused_with_the_method_and_the_option(string method, string option)
    {
        HashingMethod known = HashingMethod.Named(method);
        bool word = known.Complete()[option]!.GetValueKind() == System.Text.Json.JsonValueKind.String;
        JsonNode[] wrong = word ? [7, "seven", false] : [-3, "seven", JsonNode.Parse("1e999")!];
        Assert.All(wrong, value =>
        {
            var options = new JsonObject { [option] = value.DeepClone() };
            string message = Assert.Throws<ArgumentException>(() => known.CreateLoss(Shape, options)).Message;
            Assert.Contains(known.Title, message);
            Assert.Contains(option, message);
            Assert.Equal(message, Assert.Throws<ArgumentException>(() => known.Complete(options)).Message);
        });
    }

    [Theory]
    [InlineData("dpfah", "eta", -5, "The options of DPFAH cannot be used: eta is -5; it is a number from 0.")]
    [InlineData("dbdh", "p", 3, "The options of DBDH cannot be used: p is 3; it is 1 or 2.")]
    [InlineData("dfh", "steps", -1, "The options of DFH cannot be used: steps is -1; it is from 0 to 100000.")]
    [InlineData("hashnet", "stages", -3, "The options of HashNet cannot be used: stages is -3; it is a number from 0.")]
    [InlineData("dsdh", "mu", 0, "The options of DSDH cannot be used: mu is 0; it is a number above 0.")]
    [InlineData("dpfah", "likelihoodInput", 7, "likelihoodInput = clamp1 (or identity, clampDelta)")]
    public void The_message_says_what_the_value_may_be(string method, string option, int value, string sentence) => Assert.Contains(
        sentence, Assert.Throws<ArgumentException>(() => HashingMethod.Named(method).Complete(new JsonObject { [option] = value })).Message);

    [Fact]
    public void All_that_is_wrong_is_told_at_once() => Assert.Contains(
        "eta is -1; it is a number from 0; zeta is -2; it is a number from 0.",
        Assert.Throws<ArgumentException>(() => HashingMethod.Named("dpfah").Complete(new JsonObject { ["eta"] = -1, ["zeta"] = -2 })).Message);

    [Fact]
    public void Every_method_has_options_that_know_their_ranges()
    {
        Type[] options = [.. typeof(HashingLoss).Assembly.GetTypes().Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.Namespace == typeof(HashingLoss).Namespace)];
        Assert.Equal(HashingMethod.All.Count + 1, options.Length);
        Assert.All(options, type => Assert.True(type.IsAssignableTo(typeof(LossOptions)), $"{type.Name} has no ranges."));
    }
}
