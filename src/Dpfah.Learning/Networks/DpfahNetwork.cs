using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// The whole network of the paper: the backbone gives the feature φ, the hash layer the real code u, the class layer
/// the class scores o. The branches are parallel: the class loss reaches the code through φ only (method, section 1).
/// </summary>
public sealed class DpfahNetwork : nn.Module<Tensor, (Tensor Feature, Tensor RealCode, Tensor ClassScores)>
{
    /// <summary>Standard deviation of the initial weights of both branches; their biases start at 0.</summary>
    public const double InitialDeviation = 0.01;

    private readonly Linear hashLayer;
    private readonly Linear classLayer;
    private readonly bool classesFromCode;

    /// <summary>Creates the network with random branches.</summary>
    /// <param name="backbone">Gives the feature; owned by the network from here on.</param>
    /// <param name="bits">Length l of the code.</param>
    /// <param name="classes">Number c of classes, at least 1.</param>
    /// <param name="classesFromCode">Whether the class layer takes u in place of φ, which is not the paper's network.</param>
    public DpfahNetwork(Backbone backbone, int bits, int classes, bool classesFromCode = false)
        : base(nameof(DpfahNetwork))
    {
        Core.Codes.BinaryCode.ThrowIfInvalidLength(bits);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Backbone = backbone;
        this.classesFromCode = classesFromCode;
        hashLayer = Branch(backbone.OutputLength, bits);
        classLayer = Branch(classesFromCode ? bits : backbone.OutputLength, classes);
        register_module("backbone", backbone);
        register_module("hash_layer", hashLayer);
        register_module("class_layer", classLayer);
    }

    /// <summary>ResNet18 with the attention; for the ablation's baseline AlexNet.</summary>
    public Backbone Backbone { get; }

    /// <summary>W, v of Eq. (16).</summary>
    public Linear HashLayer => hashLayer;

    /// <summary>W_c, v_c.</summary>
    public Linear ClassLayer => classLayer;

    /// <summary>Feature, real code and class scores of each picture.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W).</param>
    /// <returns>φ of shape (B, 512), for AlexNet (B, 4096), u of shape (B, bits), o of shape (B, classes).</returns>
    public override (Tensor Feature, Tensor RealCode, Tensor ClassScores) forward(Tensor images)
    {
        Tensor feature = Backbone.call(images);                                     // φ: (B, 512)
        Tensor realCode = hashLayer.call(feature);                                  // u = Wᵀφ + v, Eq. (16): (B, bits)
        Tensor classScores = classLayer.call(classesFromCode ? realCode : feature); // o: (B, classes)
        return (feature, realCode, classScores);
    }

    private static Linear Branch(int inputs, int outputs)
    {
        Linear layer = nn.Linear(inputs, outputs);
        nn.init.normal_(layer.weight, 0, InitialDeviation);
        nn.init.zeros_(layer.bias!);
        return layer;
    }
}
