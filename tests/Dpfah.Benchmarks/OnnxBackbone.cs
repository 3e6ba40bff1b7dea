using System.Runtime.InteropServices;
using Dpfah.Learning.Inference;
using Google.Protobuf;
using Onnx;

namespace Dpfah.Benchmarks;

/// <summary>The folded backbone as an ONNX model, for ONNX Runtime: the same weights, the same attention.</summary>
internal static class OnnxBackbone
{
    private const long Opset = 13;

    /// <summary>The model, from <c>images</c> (B, 3, H, W) to <c>features</c> (B, 512, 1, 1).</summary>
    public static byte[] Write(NetworkWeights weights)
    {
        var graph = new GraphProto { Name = "backbone" };
        graph.Input.Add(Value("images", ["B", null, "H", "W"], 3));
        graph.Output.Add(Value("features", ["B", null, null, null], 512, 1, 1));
        string x = Node(graph, "Relu", Convolution(graph, weights.Stem, "images"));
        x = Node(graph, "MaxPool", x, Ints("kernel_shape", 3, 3), Ints("strides", 2, 2), Ints("pads", 1, 1, 1, 1));
        x = weights.Attention ? Attention(graph, x) : x;
        foreach (BlockWeights block in weights.Blocks)
        {
            string y = Convolution(graph, block.Second, Node(graph, "Relu", Convolution(graph, block.First, x)));
            x = Node(graph, "Relu", Node(graph, "Add", [y, block.Shortcut is null ? x : Convolution(graph, block.Shortcut, x)]));
        }

        graph.Node.Add(new NodeProto { OpType = "GlobalAveragePool", Input = { x }, Output = { "features" } });
        var model = new ModelProto { IrVersion = 7, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = Opset } } };
        return model.ToByteArray();
    }

    private static string Attention(GraphProto graph, string x)
    {
        string mean = Node(graph, "ReduceMean", x, Ints("axes", 2, 3));
        string deviation = Node(graph, "Sub", [x, mean]);
        string square = Node(graph, "Mul", [deviation, deviation]);

        // Σ / (M − 1) as mean · M / (M − 1), with M from the shape: what the model's size is does not stand in it.
        string shape = Node(graph, "Shape", x);
        string sides = Node(graph, "Gather", [shape, Longs(graph, 2, 3)]);
        string count = Node(graph, "Cast", Node(graph, "ReduceProd", sides, Ints("axes", 0)), Int("to", (long)TensorProto.Types.DataType.Float));
        string divisor = Node(graph, "Sub", [count, Floats(graph, [1], 1f)]);
        string variance = Node(graph, "Div", [Node(graph, "ReduceSum", [square, Longs(graph, 2, 3)]), divisor]);
        string scale = Node(graph, "Mul", [Node(graph, "Add", [variance, Floats(graph, [1], 1e-4f)]), Floats(graph, [1], 4f)]);
        string energy = Node(graph, "Add", [Node(graph, "Div", [square, scale]), Floats(graph, [1], 0.5f)]);
        return Node(graph, "Add", [x, Node(graph, "Mul", [x, Node(graph, "Sigmoid", energy)])]);
    }

    private static string Convolution(GraphProto graph, ConvolutionWeights shape, string x)
    {
        long pad = shape.Side / 2;
        return Node(
            graph,
            "Conv",
            [x, Floats(graph, [shape.Outputs, shape.Inputs, shape.Side, shape.Side], shape.Values), Floats(graph, [shape.Outputs], shape.Bias)],
            Ints("kernel_shape", shape.Side, shape.Side),
            Ints("strides", shape.Stride, shape.Stride),
            Ints("pads", pad, pad, pad, pad));
    }

    private static string Node(GraphProto graph, string type, string input, params AttributeProto[] attributes) =>
        Node(graph, type, [input], attributes);

    private static string Node(GraphProto graph, string type, string[] inputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = type, Output = { $"value{graph.Node.Count}" } };
        node.Input.AddRange(inputs);
        node.Attribute.AddRange(attributes);
        graph.Node.Add(node);
        return node.Output[0];
    }

    private static string Floats(GraphProto graph, long[] shape, params float[] values) =>
        Constant(graph, TensorProto.Types.DataType.Float, shape, MemoryMarshal.AsBytes<float>(values));

    private static string Longs(GraphProto graph, params long[] values) =>
        Constant(graph, TensorProto.Types.DataType.Int64, [values.Length], MemoryMarshal.AsBytes<long>(values));

    private static string Constant(GraphProto graph, TensorProto.Types.DataType type, long[] shape, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto { Name = $"constant{graph.Initializer.Count}", DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(shape);
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private static AttributeProto Ints(string name, params long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    private static AttributeProto Int(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>A float tensor with a shape of names and, in their order, numbers.</summary>
    private static ValueInfoProto Value(string name, string?[] names, params long[] numbers)
    {
        var shape = new TensorShapeProto();
        var next = new Queue<long>(numbers);
        foreach (string? side in names)
        {
            shape.Dim.Add(side is null
                ? new TensorShapeProto.Types.Dimension { DimValue = next.Dequeue() }
                : new TensorShapeProto.Types.Dimension { DimParam = side });
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape } },
        };
    }
}
