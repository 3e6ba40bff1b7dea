using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests;

public sealed class TensorArithmeticTests
{
    private static readonly HashSet<string> Makers = ScalarMakers();

    [Fact]
    public void No_other_method_makes_a_Scalar()
    {
        string home = typeof(TensorArithmetic).FullName!;
        List<(string Caller, string Callee)> calls = AssemblyCalls.Read(typeof(TensorArithmetic).Assembly.Location);

        Assert.Contains(calls, call => call.Caller.StartsWith($"{home}::", StringComparison.Ordinal) && Makers.Contains(call.Callee));
        string[] elsewhere =
        [
            .. calls.Where(call => Makers.Contains(call.Callee) && !call.Caller.StartsWith($"{home}::", StringComparison.Ordinal))
                .Select(call => $"{call.Caller} calls {call.Callee}").Distinct(),
        ];
        Assert.True(elsewhere.Length == 0, $"{elsewhere.Length} calls make a Scalar that nothing holds; use {home}:\n{string.Join('\n', elsewhere)}");
    }

    [Theory]
    [InlineData("TorchSharp.Scalar::op_Implicit(Double)", true)]
    [InlineData("TorchSharp.torch+Tensor::op_Addition(TorchSharp.torch+Tensor, TorchSharp.torch+Tensor)", true)]
    [InlineData("TorchSharp.torch+Tensor::op_Multiply(TorchSharp.torch+Tensor, Int32)", true)]
    [InlineData("TorchSharp.torch+Tensor::add(TorchSharp.Scalar)", true)]
    [InlineData("TorchSharp.torch+Tensor::square()", true)]
    [InlineData("TorchSharp.TensorExtensionMethods::ToDouble(TorchSharp.torch+Tensor)", true)]
    [InlineData("TorchSharp.Modules.BatchNorm::forward(TorchSharp.torch+Tensor)", true)]
    [InlineData("TorchSharp.torch+nn::ELU(Double, Boolean)", true)]
    [InlineData("TorchSharp.torch+nn::ReLU(Boolean)", false)]
    [InlineData("TorchSharp.torch+Tensor::op_Subtraction(TorchSharp.torch+Tensor, TorchSharp.torch+Tensor)", false)]
    [InlineData("TorchSharp.torch+Tensor::op_Multiply(TorchSharp.torch+Tensor, TorchSharp.torch+Tensor)", false)]
    [InlineData("TorchSharp.torch+Tensor::add(TorchSharp.torch+Tensor, TorchSharp.Scalar)", false)]
    [InlineData("TorchSharp.torch+Tensor::item()", false)]
    public void What_makes_a_Scalar_is_read_from_TorchSharp(string method, bool makes)
    {
        Assert.Contains(AssemblyCalls.Read(typeof(Scalar).Assembly.Location), call => call.Caller == method);
        Assert.Equal(makes, Makers.Contains(method));
    }

    [Fact]
    public void Batch_norm_counts_no_batches_in_training()
    {
        using DisposeScope scope = NewDisposeScope();
        using var network = new ResNet18(attention: true);
        Tensor before = network.state_dict()["bn1.running_mean"].clone();
        network.train();

        _ = network.call(randn(2, 3, 32, 32));

        Tensor[] counts = [.. network.state_dict().Where(p => p.Key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)).Select(p => p.Value)];
        Assert.Equal(20, counts.Length);
        Assert.All(counts, count => Assert.Equal(0, count.item<long>()));
        Assert.False(network.state_dict()["bn1.running_mean"].Equals(before));
    }

    /// <summary>
    /// All methods of TorchSharp that come to the making of a Scalar by calls within TorchSharp, and those that create a module of which the
    /// forward does.
    /// </summary>
    private static HashSet<string> ScalarMakers()
    {
        List<(string Caller, string Callee)> calls = AssemblyCalls.Read(typeof(Scalar).Assembly.Location);
        ILookup<string, string> callers = calls.ToLookup(call => call.Callee, call => call.Caller);
        var makers = new HashSet<string>();
        var open = new Stack<string>(["TorchSharp.Scalar::.ctor(IntPtr)"]);
        while (open.TryPop(out string? method))
        {
            if (makers.Add(method))
            {
                foreach (string caller in callers[method])
                {
                    open.Push(caller);
                }
            }
        }

        const string Create = "TorchSharp.torch+nn::";
        makers.UnionWith([
            .. calls.Select(call => call.Caller).Where(method => method.StartsWith(Create, StringComparison.Ordinal)
                && makers.Contains($"TorchSharp.Modules.{method[Create.Length..method.IndexOf('(', StringComparison.Ordinal)]}::forward(TorchSharp.torch+Tensor)")),
        ]);
        return makers;
    }
}
