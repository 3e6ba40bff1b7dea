using Dpfah.Core.Models;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Encoders;

/// <summary>
/// The demo's model: DPFAH with attention, 64 bits, trained on the 5,000 training pictures of Fashion-MNIST, in half precision. Its two
/// files lie beside every program that references this project. No picture of <see cref="Datasets.FashionSample"/> was trained on.
/// </summary>
public static class FashionModel
{
    /// <summary>Name of the model.</summary>
    public const string Name = "dpfah-fashion-mnist-64";

    /// <summary>Where its files lie.</summary>
    public static ModelFiles Files => TrainedModel.Files(Path.Combine(AppContext.BaseDirectory, "models", Name));
}
